import { createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import type { Clock } from '../auth.clock.js';
import { equalText } from '../jwt/equal-text.js';
import type { OAuth2Flow } from './flow.js';
import { atProvider, refuse } from './provider-errors.js';
import type { ProviderMetadata } from './provider-metadata.js';
import type { CodeProvider, OidcProvider } from './provider.js';
import { expectedOf } from './tenant-issuer.js';
import { checkTokens } from './token-answer.js';

/** Seconds that the provider's clock may be off. */
const clockTolerance = 60;

/** What the provider gave for the code: tokens, and whose they are. */
export interface TokenGrant {
  readonly tokens: oauth.TokenEndpointResponse;
  /** Of the ID token: every claim and the signature were checked. Plain OAuth 2 has none. */
  readonly claims: oauth.IDToken | undefined;
}

/**
 * Step 3 of 4: exchange the code, and check the ID token (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3.7): signature, issuer,
 * audience, authorized party, times, nonce, and the access token it was made for.
 *
 * @throws ProviderProblem
 */
export async function tokenRequest(
  provider: CodeProvider,
  source: ProviderMetadata,
  parameters: URLSearchParams,
  flow: OAuth2Flow,
  clock: Clock,
): Promise<TokenGrant> {
  const { authenticate } = provider;
  const metadata = await source.get();
  const client = clientAt(provider, clock);
  const answer = await atProvider('token', () =>
    oauth.authorizationCodeGrantRequest(
      metadata,
      client,
      authenticate,
      parameters,
      flow.redirectUri,
      // the verifier of a challenge that was not sent is a secret for nobody
      provider.pkce ? flow.codeVerifier : oauth.nopkce,
      source.options,
    ),
  );
  const tokens = await atProvider('token', async () => {
    try {
      const expected = await expectedOf(provider, metadata, answer);
      return await oauth.processAuthorizationCodeResponse(expected, client, answer, {
        ...(provider.kind === 'oidc' && { expectedNonce: flow.nonce, requireIdToken: true, ...longestAge(provider) }),
      });
    } catch (error) {
      throw isAboutIdToken(error) ? refuse('id_token', 'oauth_id_token_invalid', (error as Error).message) : error;
    }
  });
  // a DPoP token would be bound to a key, and none was sent (RFC 9449 §5)
  if (tokens.token_type !== 'bearer') throw refuse('token', 'oauth_provider_failed', 'its token_type is not Bearer');
  checkTokens('token', tokens);
  if (provider.kind === 'oauth2') return { tokens, claims: undefined };
  await atProvider('id_token', () => oauth.validateApplicationLevelSignature(metadata, answer, source.options));
  const claims = oauth.getValidatedIdTokenClaims(tokens)!;
  checkIssuedAt(claims, clock);
  checkAuthorizedParty(claims, provider);
  checkAccessTokenHash(claims, tokens);
  checkRequiredClaims(claims, provider);
  return { tokens, claims };
}

/** oauth4webapi asks the system's clock: tell it how far ours is off. */
export function clientAt({ client }: CodeProvider, clock: Clock): oauth.Client {
  const skew = Math.round((clock.now() - Date.now()) / 1000);
  return { ...client, [oauth.clockSkew]: skew, [oauth.clockTolerance]: clockTolerance };
}

/** Seconds: ten years. Far beyond, there is no date any more. */
const longestLife = 315_360_000;

/** When an access token ends (`expires_in`), in epoch milliseconds. Whatever is longer than ten years is ten years. */
export function expiryOf(expiresIn: number | undefined, clock: Clock): number | undefined {
  return expiresIn === undefined ? undefined : clock.now() + Math.floor(Math.min(expiresIn, longestLife) * 1000);
}

/** Claims that are compared, times, and what is said of a JWT: the rest is the answer around it. */
function isAboutIdToken(error: unknown): boolean {
  if (error instanceof oauth.UnsupportedOperationError) return !error.message.includes('token_type');
  if (!(error instanceof oauth.OperationProcessingError)) return false;
  const codes: unknown[] = [oauth.JWT_CLAIM_COMPARISON, oauth.JWT_TIMESTAMP_CHECK];
  return codes.includes(error.code) || /\bJWT\b|ID Token|id_token/.test(error.message);
}

/** An ID token of the future was not made just now. */
function checkIssuedAt({ iat }: oauth.IDToken, clock: Clock): void {
  if (iat > clock.now() / 1000 + clockTolerance)
    throw refuse('id_token', 'oauth_id_token_invalid', 'its iat is to come');
}

/** It was made for us, and not for another client that may hand it to us (OpenID Connect Core §2, `azp`). */
function checkAuthorizedParty({ azp }: oauth.IDToken, { client }: OidcProvider): void {
  if (azp !== undefined && azp !== client.client_id)
    throw refuse('id_token', 'oauth_id_token_invalid', 'its azp is another client');
}

/** Whoever can take `max_age` out of the request must not log in by an old log-in (OpenID Connect Core §3.1.2.1). */
function longestAge({ authorizationParams }: OidcProvider): { maxAge?: number } {
  const { max_age: seconds } = authorizationParams;
  return seconds === undefined ? {} : { maxAge: Number(seconds) };
}

/** Signed, and not merely asked for: a parameter of the request can be taken out on its way. */
function checkRequiredClaims(claims: oauth.IDToken, { requiredClaims }: OidcProvider): void {
  for (const [name, values] of Object.entries(requiredClaims)) {
    if (!values.includes(claims[name] as string))
      throw refuse('id_token', 'oauth_id_token_invalid', `its ${name} is none of requiredClaims`);
  }
}

/** OpenID Connect Core §3.1.3.8: when it is there, it must be of the access token beside it. */
function checkAccessTokenHash(claims: oauth.IDToken, { access_token, id_token }: oauth.TokenEndpointResponse): void {
  const hash = claims['at_hash'];
  if (hash === undefined) return;
  const { alg } = JSON.parse(Buffer.from(id_token!.split('.')[0]!, 'base64url').toString()) as { alg: string };
  // Ed25519 signs with SHA-512; every other name ends with its length
  const length = alg.startsWith('Ed') ? '512' : alg.slice(-3);
  const digest = createHash(`sha${length}`).update(access_token).digest();
  const expected = digest.subarray(0, digest.byteLength / 2).toString('base64url');
  if (typeof hash !== 'string' || !equalText(hash, expected))
    throw refuse('id_token', 'oauth_id_token_invalid', 'its at_hash is not that of the access token');
}
