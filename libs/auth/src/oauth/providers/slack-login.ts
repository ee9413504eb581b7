import { oidcPreset, wanted, type OidcPresetOptions } from './preset.js';

/** Sign in with Slack. `SLACK_LOGIN_OAUTH_CLIENT_ID`, `SLACK_LOGIN_OAUTH_CLIENT_SECRET`. */
export function slackLogin({ team, ...given }: OidcPresetOptions & { team?: string } = {}) {
  const data: OidcPresetOptions = {
    issuer: 'https://slack.com',
    apiBaseUrl: 'https://slack.com/api/',
    scope: ['openid', 'email', 'profile'],
    tokenEndpointAuthMethod: 'client_secret_post',
    // refused unless it was switched on in the app, for ever
    pkce: false,
    // a user is one of a workspace
    realmClaim: 'https://slack.com/team_id',
    authorizationParams: wanted({ team }),
  };
  return oidcPreset('slackLogin', 'SLACK_LOGIN', data, given);
}
