import { oidcPreset, variablesOf, type OidcPresetOptions } from './preset.js';

export interface AppleOptions extends OidcPresetOptions {
  /** Of your membership at Apple: it signs the client secret. */
  teamId?: string;
}

/**
 * Sign in with Apple: `clientId` is a Services ID, and `privateKey` a key of the team, `{ key, kid }`. It tells the name at the
 * first log-in only. `APPLE_OAUTH_CLIENT_ID`, `APPLE_OAUTH_TEAM_ID`, `APPLE_OAUTH_KEY_ID`, `APPLE_OAUTH_PRIVATE_KEY`.
 */
export function apple({ teamId, privateKey, ...given }: AppleOptions = {}) {
  const read = variablesOf('APPLE', given);
  const isMade = (given.clientSecret ?? read('CLIENT_SECRET')) === undefined;
  const data: OidcPresetOptions = {
    issuer: 'https://appleid.apple.com',
    scope: ['openid', 'email', 'name'],
    // by another it tells neither name nor address
    responseMode: 'form_post',
    tokenEndpointAuthMethod: 'client_secret_post',
    clientSecretIssuer: isMade ? (teamId ?? read('TEAM_ID') ?? '') : undefined,
    privateKey: privateKey ?? keyOf(read('PRIVATE_KEY'), read('KEY_ID')),
    nameParameter: 'user',
  };
  return oidcPreset('apple', 'APPLE', data, given);
}

/** One line of a file of variables holds it with `\n`. */
function keyOf(pem: string | undefined, kid: string | undefined): OidcPresetOptions['privateKey'] {
  return pem === undefined ? undefined : { key: pem.replaceAll('\\n', '\n'), ...(kid !== undefined && { kid }) };
}
