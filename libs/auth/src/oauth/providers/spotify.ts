import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

/** Spotify. It takes 127.0.0.1 in redirect URIs, not localhost. `SPOTIFY_OAUTH_CLIENT_ID`, `SPOTIFY_OAUTH_CLIENT_SECRET`. */
export function spotify({ showDialog, ...given }: OAuth2PresetOptions & { showDialog?: boolean } = {}) {
  const data: OAuth2PresetOptions = {
    issuer: 'https://accounts.spotify.com',
    authorizationEndpoint: 'https://accounts.spotify.com/authorize',
    tokenEndpoint: 'https://accounts.spotify.com/api/token',
    userinfoEndpoint: 'https://api.spotify.com/v1/me',
    apiBaseUrl: 'https://api.spotify.com/v1/',
    scope: ['user-read-email'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    identity: { subject: 'id', name: 'display_name', picture: 'images.0.url' },
    emailTrust: 'never',
    authorizationParams: wanted({ show_dialog: showDialog && 'true' }),
  };
  return oauth2Preset('spotify', 'SPOTIFY', data, given);
}
