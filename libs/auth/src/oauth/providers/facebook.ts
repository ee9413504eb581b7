import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

/** Which version of the Graph API, and whether people who refused a permission are asked for it again. */
export interface FacebookOptions extends OAuth2PresetOptions {
  version?: string;
  rerequest?: boolean;
}

/** Facebook. `FACEBOOK_OAUTH_CLIENT_ID`, `FACEBOOK_OAUTH_CLIENT_SECRET`. */
export function facebook({ version = 'v25.0', rerequest = false, ...given }: FacebookOptions = {}) {
  const api = `https://graph.facebook.com/${version}/`;
  const data: OAuth2PresetOptions = {
    // its pages carry the version, and people stay who they are
    issuer: 'https://www.facebook.com',
    authorizationEndpoint: `https://www.facebook.com/${version}/dialog/oauth`,
    tokenEndpoint: `${api}oauth/access_token`,
    userinfoEndpoint: `${api}me?fields=id,name,email,picture`,
    apiBaseUrl: api,
    scope: ['email', 'public_profile'],
    tokenEndpointAuthMethod: 'client_secret_post',
    identity: { subject: 'id', picture: 'picture.data.url' },
    emailTrust: 'never',
    appSecretProof: true,
    authorizationParams: wanted({ auth_type: rerequest && 'rerequest' }),
  };
  return oauth2Preset('facebook', 'FACEBOOK', data, given);
}
