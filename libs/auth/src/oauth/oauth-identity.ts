import { deepFreeze, type JsonValue } from '../jwt/claims.js';
import { refuse } from './provider-errors.js';

/** Characters of a subject, at most (OpenID Connect Core §2, `sub`). */
const longestSubject = 255;

/** Half a surrogate pair and NUL are what databases change or refuse: two subjects could be one there. */
export function isSubject(text: string): boolean {
  return text !== '' && text.length <= longestSubject && !/[\p{Cc}\p{Cs}]/u.test(text);
}

/** Who somebody is at a provider. The key is issuer and subject: e-mail addresses and names change hands. */
export interface OAuthIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** Does the provider say that the address is the user's? */
  readonly emailVerified: boolean;
  readonly name: string | undefined;
  /** A URL of http or https. */
  readonly picture: string | undefined;
  /** Of the ID token, and what the userinfo endpoint adds; empty where the identity came beside the tokens. */
  readonly claims: Readonly<Record<string, JsonValue>>;
}

/** Nobody changes who somebody is. @throws ProviderProblem for claims that are nested deeper than those of a token may be. */
export function frozenIdentity(identity: OAuthIdentity): OAuthIdentity {
  try {
    return deepFreeze(identity);
  } catch {
    throw refuse('userinfo', 'oauth_provider_failed', 'what it says of the user is nested too deeply');
  }
}
