import { oauth2Preset, type OAuth2PresetOptions } from './preset.js';

/** OpenStreetMap, which tells no addresses. `OSM_OAUTH_CLIENT_ID`, `OSM_OAUTH_CLIENT_SECRET`. */
export function osm(given: OAuth2PresetOptions = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://www.openstreetmap.org/oauth2/authorize',
    tokenEndpoint: 'https://www.openstreetmap.org/oauth2/token',
    userinfoEndpoint: 'https://api.openstreetmap.org/api/0.6/user/details.json',
    apiBaseUrl: 'https://api.openstreetmap.org/api/0.6/',
    scope: ['read_prefs'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    // display names can be changed, ids cannot
    identity: { subject: 'user.id', name: 'user.display_name', picture: 'user.img.href' },
    emailTrust: 'never',
  };
  return oauth2Preset('osm', 'OSM', data, given);
}
