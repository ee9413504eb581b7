import * as oauth from 'oauth4webapi';
import { textAt, valueAt } from './identity-paths.js';
import type { OAuthIdentity } from './oauth-identity.js';
import { atProvider, ProviderProblem } from './provider-errors.js';
import { issuerOf, type ProviderMetadata } from './provider-metadata.js';
import type { OAuth2Provider } from './provider.js';
import { identityIn, jsonOf } from './userinfo-answer.js';
import { askedOf, type Asked } from './userinfo-request.js';

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
  const { identityFrom, userTokenMember, identity, emailTrust } = provider;
  const reading = { issuer: issuerOf(provider), identity, emailTrust };
  // where both are given, the outer token is the application's own
  const ofUser = userTokenMember === undefined ? undefined : textAt(tokens, `${userTokenMember}.access_token`);
  const ask = (asked: Asked) => askApi(provider, source, ofUser ?? tokens.access_token, asked);
  const found =
    identityFrom === 'token'
      ? // beside the identity in a token answer stand the tokens
        { ...identityIn(tokens, reading, 'token'), claims: {} }
      : identityIn(await ask(askedOf(provider)), reading, 'userinfo');
  return { ...found, ...(await listedEmail(provider, ask)) };
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
  for (const [name, value] of Object.entries(provider.requestHeaders)) headers.set(name, value);
  return atProvider('userinfo', async () => {
    const response = await oauth.protectedResourceRequest(accessToken, method, target, headers, body, source.options);
    return jsonOf(response);
  });
}
