import * as oauth from 'oauth4webapi';
import type { Clock } from '../auth.clock.js';
import { deepFreeze, type JsonValue } from '../jwt/claims.js';
import type { Flow } from './flow.js';
import { atProvider, refuse } from './provider-errors.js';
import type { ProviderMetadata } from './provider-metadata.js';
import type { OAuthProvider } from './provider.js';
import { clientAt, type TokenGrant } from './token-request.js';

/** Who somebody is at a provider. The key is issuer and subject: e-mail addresses and names change hands. */
export interface OAuthIdentity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  /** Does the provider say that the address is the user's? */
  readonly emailVerified: boolean;
  /** Of the ID token, and what the userinfo endpoint adds. */
  readonly claims: Readonly<Record<string, JsonValue>>;
}

/** The provider's tokens. Not for a log, and not for the browser. */
export interface OAuthTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly idToken: string;
  /** Epoch milliseconds; undefined when the provider does not tell. */
  readonly expiresAt: number | undefined;
}

/** A log-in that the provider vouches for, and every check was passed. */
export class OAuthLogin {
  /** The name of the provider. */
  readonly provider: string;
  readonly identity: OAuthIdentity;
  readonly requestedScope: readonly string[];
  /** What the provider granted; as requested where it says nothing (RFC 6749 §5.1). */
  readonly grantedScope: readonly string[];
  /** Where the browser goes now. */
  readonly returnTo: string;
  /** Not enumerable: what prints the log-in prints no token. */
  declare readonly tokens: OAuthTokens;

  constructor(
    parts: Pick<OAuthLogin, 'provider' | 'identity' | 'requestedScope' | 'grantedScope' | 'returnTo' | 'tokens'>,
  ) {
    this.provider = parts.provider;
    this.identity = parts.identity;
    this.requestedScope = parts.requestedScope;
    this.grantedScope = parts.grantedScope;
    this.returnTo = parts.returnTo;
    Object.defineProperty(this, 'tokens', { value: parts.tokens, enumerable: false });
  }
}

/** Characters (OpenID Connect Core §2, `sub`). */
const longestSubject = 255;

/**
 * Step 4 of 4: who is it? The userinfo endpoint is asked where there is one, and must speak of the same subject (OpenID
 * Connect Core §5.3.2).
 *
 * @throws ProviderProblem
 */
export async function identify(
  provider: OAuthProvider,
  source: ProviderMetadata,
  { tokens, claims }: TokenGrant,
  flow: Flow,
  clock: Clock,
): Promise<OAuthLogin> {
  if (claims.sub === '' || claims.sub.length > longestSubject)
    throw refuse('id_token', 'oauth_id_token_invalid', 'its sub is empty or too long');
  const userinfo = await userinfoOf(provider, source, tokens.access_token, claims.sub, clock);
  return new OAuthLogin({
    provider: provider.name,
    identity: deepFreeze({
      issuer: claims.iss,
      subject: claims.sub,
      ...emailOf(claims.email === undefined ? userinfo : claims),
      // what was signed for this log-in counts
      claims: { ...userinfo, ...claims } as Record<string, JsonValue>,
    }),
    requestedScope: provider.scope,
    grantedScope: tokens.scope === undefined ? provider.scope : tokens.scope.split(' ').filter(Boolean),
    returnTo: flow.returnTo,
    tokens: {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      idToken: tokens.id_token!,
      expiresAt: expiryOf(tokens.expires_in, clock),
    },
  });
}

async function userinfoOf(
  provider: OAuthProvider,
  source: ProviderMetadata,
  accessToken: string,
  subject: string,
  clock: Clock,
): Promise<Record<string, unknown>> {
  const metadata = await source.get();
  if (metadata.userinfo_endpoint === undefined) return {};
  return atProvider('userinfo', async () => {
    const client = clientAt(provider, clock);
    const response = await oauth.userInfoRequest(metadata, client, accessToken, source.options);
    // a JWT would have to be verified, and was not asked for
    if (!/^application\/json\s*(;|$)/i.test(response.headers.get('content-type') ?? ''))
      throw refuse('userinfo', 'oauth_provider_failed', `the endpoint answered ${response.status}, and no JSON`);
    return oauth.processUserInfoResponse(metadata, client, subject, response);
  });
}

/** Seconds: ten years. */
const longestLife = 315_360_000;

/** In whole milliseconds, and never so late that it is no time any more. */
function expiryOf(expiresIn: number | undefined, clock: Clock): number | undefined {
  return expiresIn === undefined ? undefined : clock.now() + Math.floor(Math.min(expiresIn, longestLife) * 1000);
}

/** Address and its proof come from one place: the word of one must not verify the address of the other. */
function emailOf({ email, email_verified }: Record<string, unknown>): Pick<OAuthIdentity, 'email' | 'emailVerified'> {
  if (typeof email !== 'string' || email === '') return { email: undefined, emailVerified: false };
  return { email, emailVerified: email_verified === true };
}
