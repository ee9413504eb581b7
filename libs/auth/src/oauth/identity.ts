import * as oauth from 'oauth4webapi';
import type { Clock } from '../auth.clock.js';
import type { JsonValue } from '../jwt/claims.js';
import type { Flow } from './flow.js';
import { atProvider, refuse } from './provider-errors.js';
import type { ProviderMetadata } from './provider-metadata.js';
import { frozenIdentity, isSubject, type OAuthIdentity } from './oauth-identity.js';
import { OAuthLogin } from './oauth-login.js';
import type { CodeProvider, OidcProvider } from './provider.js';
import { textAt, webUrlAt } from './identity-paths.js';
import { requestedScope } from './scope.js';
import { clientAt, expiryOf, type TokenGrant } from './token-request.js';
import { userinfoIdentity } from './userinfo-identity.js';

/** What came in the browser: nothing proves it. */
interface Told {
  readonly name: string | undefined;
  readonly scope: readonly string[] | undefined;
}

/**
 * Step 4 of 4: who is it? The userinfo endpoint is asked where there is one, and must speak of the same subject (OpenID
 * Connect Core §5.3.2).
 *
 * @throws ProviderProblem
 */
export async function identify(
  provider: CodeProvider,
  source: ProviderMetadata,
  { tokens, claims, name, scope }: TokenGrant & Told,
  flow: Flow,
  clock: Clock,
): Promise<OAuthLogin> {
  const identity =
    provider.kind === 'oidc'
      ? await signedIdentity(provider, source, { tokens, claims: claims!, name }, clock)
      : await userinfoIdentity(provider, source, tokens);
  const requested = requestedScope(provider, flow);
  // RFC 6749 §5.1: what the token answer leaves out is as it was asked for; a browser can say that it is less, and not more
  const untold = scope === undefined ? requested : requested.filter((value) => scope.includes(value));
  return new OAuthLogin({
    provider: provider.name,
    identity: frozenIdentity(identity),
    requestedScope: requested,
    grantedScope: tokens.scope === undefined ? untold : tokens.scope.split(' ').filter(Boolean),
    returnTo: flow.returnTo,
    data: flow.data,
    link: flow.link,
    tokens: {
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      idToken: tokens.id_token,
      tokenSecret: undefined,
      expiresAt: expiryOf(tokens.expires_in, clock),
    },
  });
}

async function signedIdentity(
  provider: OidcProvider,
  source: ProviderMetadata,
  { tokens, claims, name }: TokenGrant & Pick<Told, 'name'> & { claims: oauth.IDToken },
  clock: Clock,
): Promise<OAuthIdentity> {
  const subject = subjectOf(provider, claims);
  const userinfo = await userinfoOf(provider, source, tokens.access_token, claims.sub, clock);
  const all = { ...userinfo, ...claims };
  return {
    issuer: claims.iss,
    subject,
    ...emailOf(provider, claims.email === undefined ? userinfo : claims, claims),
    name: textAt(all, 'name') ?? name,
    picture: webUrlAt(all, 'picture'),
    // what was signed for this log-in counts
    claims: all as Record<string, JsonValue>,
  };
}

function subjectOf({ realmClaim }: OidcProvider, claims: oauth.IDToken): string {
  const subject = realmClaim === undefined ? claims.sub : `${realmOf(realmClaim, claims)}:${claims.sub}`;
  if (claims.sub === '' || !isSubject(subject))
    throw refuse('id_token', 'oauth_id_token_invalid', 'its sub is empty or too long');
  return subject;
}

/** Without a colon: `a:b` of the realm `c` must not be `b` of the realm `c:a`. */
function realmOf(realmClaim: string, claims: oauth.IDToken): string {
  const realm = claims[realmClaim];
  if (typeof realm !== 'string' || realm === '' || realm.includes(':'))
    throw refuse('id_token', 'oauth_id_token_invalid', `its ${realmClaim} is missing, or has a colon`);
  return realm;
}

async function userinfoOf(
  provider: CodeProvider,
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
    if (response.ok && !/^application\/json\s*(;|$)/i.test(response.headers.get('content-type') ?? ''))
      throw refuse('userinfo', 'oauth_provider_failed', `the endpoint answered ${response.status}, and no JSON`);
    return oauth.processUserInfoResponse(metadata, client, subject, response);
  });
}

/** Address and its proof come from one place: the word of one must not verify the address of the other. */
function emailOf(
  provider: OidcProvider,
  { email, email_verified }: Record<string, unknown>,
  claims: oauth.IDToken,
): Pick<OAuthIdentity, 'email' | 'emailVerified'> {
  if (typeof email !== 'string' || email === '') return { email: undefined, emailVerified: false };
  const { emailTrust } = provider;
  const isTrusted = emailTrust === 'always' || (emailTrust === 'claim' && email_verified === true);
  return { email, emailVerified: isTrusted && speaksFor(provider, email, claims) };
}

/** An address elsewhere can have another owner by now, whatever it was when the account was made. */
function speaksFor({ authoritativeEmail: authority }: OidcProvider, email: string, claims: oauth.IDToken): boolean {
  if (authority === undefined || claims[authority.claim] !== undefined) return true;
  return authority.domains.includes(email.slice(email.lastIndexOf('@') + 1).toLowerCase());
}
