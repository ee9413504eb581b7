import * as oauth from 'oauth4webapi';
import { defaultPaths, textAt, valueAt, type IdentityPaths } from './identity-paths.js';
import type { OAuthIdentity } from './oauth-identity.js';
import { atProvider, ofStatus, ProviderProblem, refuse } from './provider-errors.js';
import { issuerOf, type ProviderMetadata } from './provider-metadata.js';
import type { OAuth2Provider } from './provider.js';

type Answer = Record<string, unknown>;
type Paths = typeof defaultPaths & IdentityPaths;
type Asked = { readonly url: string; readonly method: 'GET' | 'POST'; readonly body?: string };

/** Characters: what a subject of OpenID Connect may have. */
const longestSubject = 255;

/**
 * Who is it, where no ID token says so? Whom the provider's API says that the access token belongs to.
 *
 * The token came from the token endpoint for a code of this flow: nobody could hand us one of another application.
 *
 * @throws ProviderProblem
 */
export async function userinfoIdentity(
  provider: OAuth2Provider,
  source: ProviderMetadata,
  tokens: oauth.TokenEndpointResponse,
): Promise<OAuthIdentity> {
  const { identityFrom, userTokenMember } = provider;
  const identity: Paths = { ...defaultPaths, ...provider.identity };
  const phase = identityFrom === 'token' ? 'token' : 'userinfo';
  // where both are given, the outer token is the application's own
  const ofUser = userTokenMember === undefined ? undefined : textAt(tokens, `${userTokenMember}.access_token`);
  const ask = (asked: Asked) => askApi(provider, source, ofUser ?? tokens.access_token, asked);
  const answer = phase === 'token' ? tokens : asObject(await ask(userinfoRequest(provider)));
  const subject = textAt(answer, identity.subject);
  if (subject === undefined || subject.length > longestSubject)
    throw refuse(phase, 'oauth_provider_failed', 'the answer names no subject, or one that is too long');
  const listed = await listedEmail(provider, ask);
  return {
    issuer: issuerOf(provider),
    subject,
    ...(listed ?? emailOf(provider, identity, answer)),
    name: textAt(answer, identity.name),
    picture: textAt(answer, identity.picture),
    // beside the identity in a token answer stand the tokens
    claims: phase === 'token' ? {} : (answer as OAuthIdentity['claims']),
  };
}

function emailOf(
  { emailTrust }: OAuth2Provider,
  identity: Paths,
  answer: Answer,
): Pick<OAuthIdentity, 'email' | 'emailVerified'> {
  const email = textAt(answer, identity.email);
  const claimed = emailTrust === 'claim' && valueAt(answer, proofPath(identity)) === true;
  return { email, emailVerified: email !== undefined && (emailTrust === 'always' || claimed) };
}

/** Beside the address, unless said otherwise: the word on one address must not verify another. */
function proofPath({ email, emailVerified }: Paths): string {
  return emailVerified ?? email.replace(/[^.|]*$/, 'email_verified');
}

function userinfoRequest({ userinfoEndpoint, userinfoMethod, userinfoQuery }: OAuth2Provider): Asked {
  const url = userinfoEndpoint!;
  if (userinfoQuery === undefined) return { url, method: userinfoMethod };
  return { url, method: 'POST', body: JSON.stringify({ query: userinfoQuery }) };
}

/** The address that the user goes by, when it is proved. A scope that was not granted is no failure of the log-in. */
async function listedEmail(
  { userinfoEndpoint, emailsPath }: OAuth2Provider,
  ask: (asked: Asked) => Promise<unknown>,
): Promise<Pick<OAuthIdentity, 'email' | 'emailVerified'> | undefined> {
  if (emailsPath === undefined) return undefined;
  const url = new URL(userinfoEndpoint!);
  url.pathname += emailsPath;
  try {
    const list = await ask({ url: url.href, method: 'GET' });
    const primary = Array.isArray(list)
      ? list.find((one: unknown) => valueAt(one, 'primary') === true && valueAt(one, 'verified') === true)
      : undefined;
    const email = textAt(primary, 'email');
    return email === undefined ? undefined : { email, emailVerified: true };
  } catch (error) {
    const isOutage = !(error instanceof ProviderProblem) || error.failure.error.code !== 'oauth_provider_failed';
    if (isOutage) throw error;
    return undefined;
  }
}

async function askApi(
  provider: OAuth2Provider,
  source: ProviderMetadata,
  accessToken: string,
  { url, method, body }: Asked,
): Promise<unknown> {
  const target = new URL(url);
  for (const [name, value] of Object.entries(provider.userinfoParams(accessToken)))
    target.searchParams.set(name, value);
  const headers = new Headers({
    accept: 'application/json',
    ...(body !== undefined && { 'content-type': 'application/json' }),
  });
  return atProvider('userinfo', async () => {
    const request = [accessToken, method, target, headers, body] as const;
    const response = await oauth.protectedResourceRequest(...request, source.options);
    if (response.status !== 200)
      throw refuse('userinfo', ofStatus(response.status), `the endpoint answered ${response.status}`);
    try {
      return (await response.json()) as unknown;
    } catch {
      // the parser's message quotes the answer
      throw refuse('userinfo', 'oauth_provider_failed', 'the endpoint answered no JSON');
    }
  });
}

function asObject(answer: unknown): Answer {
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer as Answer;
  throw refuse('userinfo', 'oauth_provider_failed', 'the endpoint answered no object');
}
