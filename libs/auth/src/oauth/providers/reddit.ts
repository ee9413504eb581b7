import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

export interface RedditOptions extends OAuth2PresetOptions {
  /** Ask for a refresh token. */
  permanent?: boolean;
  /** Who asks, such as 'web:com.example.app:v1 (by /u/ada)': Reddit lets through few requests of names that many share. */
  userAgent?: string;
}

/** Reddit, which tells no addresses. `REDDIT_OAUTH_CLIENT_ID`, `REDDIT_OAUTH_CLIENT_SECRET`. */
export function reddit({ permanent, userAgent = 'web:nest-latchkey', ...given }: RedditOptions = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://www.reddit.com/api/v1/authorize',
    tokenEndpoint: 'https://www.reddit.com/api/v1/access_token',
    // else URLs come as HTML
    userinfoEndpoint: 'https://oauth.reddit.com/api/v1/me?raw_json=1',
    apiBaseUrl: 'https://oauth.reddit.com/',
    requestHeaders: { 'User-Agent': userAgent },
    scope: ['identity'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    // it documents no PKCE
    pkce: false,
    identity: { subject: 'id', picture: 'icon_img' },
    emailTrust: 'never',
    authorizationParams: wanted({ duration: permanent && 'permanent' }),
  };
  return oauth2Preset('reddit', 'REDDIT', data, given);
}
