import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

export interface StravaOptions extends OAuth2PresetOptions {
  /** 'force': ask again who has agreed before. */
  approvalPrompt?: 'auto' | 'force';
}

/** Strava, which tells no addresses. `STRAVA_OAUTH_CLIENT_ID`, `STRAVA_OAUTH_CLIENT_SECRET`. */
export function strava({ approvalPrompt, ...given }: StravaOptions = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://www.strava.com/oauth/authorize',
    tokenEndpoint: 'https://www.strava.com/oauth/token',
    userinfoEndpoint: 'https://www.strava.com/api/v3/athlete',
    apiBaseUrl: 'https://www.strava.com/api/v3/',
    scope: ['read'],
    scopeSeparator: ',',
    // users can take single values out
    scopeInResponse: true,
    tokenEndpointAuthMethod: 'client_secret_post',
    // it documents no PKCE
    pkce: false,
    // requests to its API are counted, and this is none
    identityFrom: 'token',
    identity: { subject: 'athlete.id', name: '{athlete.firstname} {athlete.lastname}', picture: 'athlete.profile' },
    emailTrust: 'never',
    tokenErrorMember: 'errors.0.resource',
    tokenErrors: { AuthorizationCode: 'invalid_grant', RefreshToken: 'invalid_grant', Application: 'invalid_client' },
    authorizationParams: wanted({ approval_prompt: approvalPrompt }),
  };
  return oauth2Preset('strava', 'STRAVA', data, given);
}
