import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

/**
 * Installing an app into a Slack workspace; for a log-in alone there is `slackLogin()`. `scope` is the app's, `userScope` the
 * user's. `SLACK_OAUTH_CLIENT_ID`, `SLACK_OAUTH_CLIENT_SECRET`.
 */
export function slack({ team, ...given }: OAuth2PresetOptions & { team?: string } = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://slack.com/oauth/v2/authorize',
    tokenEndpoint: 'https://slack.com/api/oauth.v2.access',
    userinfoEndpoint: 'https://slack.com/api/users.identity',
    apiBaseUrl: 'https://slack.com/api/',
    scopeSeparator: ',',
    tokenEndpointAuthMethod: 'client_secret_basic',
    // refused unless it was switched on in the app, for ever
    pkce: false,
    // the user scope that the userinfo endpoint needs excludes those of an app: the token answer says who it was
    // and a user is one of a workspace
    identity: { subject: '{team.id}:{authed_user.id}' },
    identityFrom: 'token',
    userTokenMember: 'authed_user',
    tokenTypeIsBearer: true,
    tokenErrors: {
      invalid_code: 'invalid_grant',
      code_already_used: 'invalid_grant',
      bad_client_secret: 'invalid_client',
    },
    authorizationParams: wanted({ team }),
  };
  return oauth2Preset('slack', 'SLACK', data, given);
}
