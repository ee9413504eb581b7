import { oauth1Preset, type OAuth1PresetOptions } from './preset.js';

/**
 * Jira Data Center, at your own `baseUrl`; for Jira Cloud there is `atlassian()`. The private key as PEM or its file.
 * `JIRA_OAUTH_CONSUMER_KEY`, `JIRA_OAUTH_RSA_KEY`.
 */
export function jira({ baseUrl, ...given }: OAuth1PresetOptions & { baseUrl?: string } = {}) {
  const base = baseUrl?.replace(/\/+$/, '');
  const endpoints: OAuth1PresetOptions = {
    requestTokenEndpoint: `${base}/plugins/servlet/oauth/request-token`,
    authorizationEndpoint: `${base}/plugins/servlet/oauth/authorize`,
    accessTokenEndpoint: `${base}/plugins/servlet/oauth/access-token`,
    userinfoEndpoint: `${base}/rest/api/2/myself`,
    apiBaseUrl: `${base}/`,
    issuer: base,
  };
  const data: OAuth1PresetOptions = {
    ...(base !== undefined && endpoints),
    signatureMethod: 'RSA-SHA1',
    // names can be given to somebody else, keys cannot
    identity: { subject: 'key', email: 'emailAddress', name: 'displayName', picture: 'avatarUrls.48x48' },
    emailTrust: 'never',
  };
  const client = { consumerKey: ['JIRA_OAUTH_CONSUMER_KEY'], privateKey: ['JIRA_OAUTH_RSA_KEY'] };
  return oauth1Preset('jira', client, data, given);
}
