import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

export interface DropboxOptions extends OAuth2PresetOptions {
  /** Ask for a refresh token. */
  offline?: boolean;
  forceReapprove?: boolean;
  disableSignup?: boolean;
  /** Which of somebody's accounts. */
  requireRole?: 'work' | 'personal';
  /** Keep what the user granted before. */
  includeGrantedScopes?: boolean;
}

/** Dropbox. `DROPBOX_OAUTH_CLIENT_ID`, `DROPBOX_OAUTH_CLIENT_SECRET`; or `…_APP_KEY`, `…_APP_SECRET`. */
export function dropbox(options: DropboxOptions = {}) {
  const { offline, forceReapprove, disableSignup, requireRole, includeGrantedScopes, ...given } = options;
  const data: OAuth2PresetOptions = {
    issuer: 'https://www.dropbox.com',
    authorizationEndpoint: 'https://www.dropbox.com/oauth2/authorize',
    tokenEndpoint: 'https://api.dropboxapi.com/oauth2/token',
    // by POST, and refused with a body or a content type
    userinfoEndpoint: 'https://api.dropboxapi.com/2/users/get_current_account',
    userinfoMethod: 'POST',
    apiBaseUrl: 'https://api.dropboxapi.com/2/',
    tokenEndpointAuthMethod: 'client_secret_basic',
    scope: ['account_info.read'],
    identity: { subject: 'account_id', name: 'name.display_name', picture: 'profile_photo_url' },
    authorizationParams: wanted({
      token_access_type: offline && 'offline',
      force_reapprove: forceReapprove && 'true',
      disable_signup: disableSignup && 'true',
      require_role: requireRole,
      include_granted_scopes: includeGrantedScopes && 'user',
    }),
  };
  return oauth2Preset('dropbox', 'DROPBOX', data, given, ['APP_KEY', 'APP_SECRET']);
}
