import type { Given } from '../../auth.slices.js';
import type { OAuth1Options, OAuth1ProviderOptions } from '../oauth1/oauth1.options.js';
import type { OAuth2Options, OAuth2ProviderOptions, OidcOptions, OidcProviderOptions } from '../provider.options.js';

/** What an application adds to a preset: its client, and whatever is to be otherwise. */
export type OAuth2PresetOptions = Given<Omit<OAuth2ProviderOptions, 'kind'>>;
export type OAuth1PresetOptions = Given<Omit<OAuth1ProviderOptions, 'kind'>>;
export type OidcPresetOptions = Given<Omit<OidcProviderOptions, 'kind'>>;

type Shared = OAuth2PresetOptions & OidcPresetOptions;

/** Names of variables that stand for `CLIENT_ID` and `CLIENT_SECRET`. */
type ClientPair = readonly [id: string, secret: string];

/**
 * A preset as a provider. Client id and secret that are not given come of the variables of its name, such as
 * `GITHUB_OAUTH_CLIENT_ID` and `GITHUB_OAUTH_CLIENT_SECRET`.
 *
 * @param older variables that Flask-Dance once had in their place.
 */
export function oauth2Preset(
  name: string,
  prefix: string,
  data: OAuth2PresetOptions,
  given: OAuth2PresetOptions,
  older?: ClientPair,
) {
  // the member paths of a preset's token answer are none of a userinfo answer
  const identityFrom = given.identity === undefined ? data.identityFrom : 'userinfo';
  // nobody gets tokens, and the secret of the client with them, who did not give the tokens
  const revocationEndpoint = given.tokenEndpoint === undefined ? data.revocationEndpoint : undefined;
  const preset = { name, ...data, identityFrom, revocationEndpoint };
  return { ...merged(prefix, preset, given, older), kind: 'oauth2' } as OAuth2Options;
}

/** The same for a provider of OpenID Connect. */
export function oidcPreset(name: string, prefix: string, data: OidcPresetOptions, given: OidcPresetOptions) {
  // a template is of the preset's own issuer
  const issuerTemplate = given.issuer === undefined ? data.issuerTemplate : undefined;
  return { ...merged(prefix, { name, ...data, issuerTemplate }, given), kind: 'oidc' } as OidcOptions;
}

/** The variables of a client, for each option those that are asked in turn. */
type ClientVariables = Partial<Record<'consumerKey' | 'consumerSecret' | 'privateKey', readonly string[]>>;

/** The same for a provider of OAuth 1. */
export function oauth1Preset(
  name: string,
  variables: ClientVariables,
  data: OAuth1PresetOptions,
  given: OAuth1PresetOptions,
) {
  const read = (names: readonly string[]) => names.map((one) => process.env[one]).find(Boolean);
  const client = Object.entries(variables).map(([option, names]) => [option, read(names)]);
  const own = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    name,
    ...data,
    ...(given.consumerKey === undefined && Object.fromEntries(client)),
    ...Object.fromEntries(own),
    authorizationParams: { ...data.authorizationParams, ...given.authorizationParams },
    kind: 'oauth1',
  } as OAuth1Options;
}

function merged(prefix: string, data: Partial<Shared>, given: Partial<Shared>, older?: ClientPair): Partial<Shared> {
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    ...data,
    // a key proves itself in its own way
    ...(given.privateKey !== undefined && { tokenEndpointAuthMethod: undefined }),
    ...clientOf(variablesOf(prefix, given), older),
    ...own,
    authorizationParams: { ...data.authorizationParams, ...given.authorizationParams },
  };
}

/** Reads variables such as `GITHUB_OAUTH_…`. Beside a client that is given there are none: what they hold is another's. */
export function variablesOf(prefix: string, { clientId }: Pick<Partial<Shared>, 'clientId'>) {
  return (what: string) => (clientId === undefined && process.env[`${prefix}_OAUTH_${what}`]) || undefined;
}

/** Both from one pair: the secret of the one is not that of the other. */
function clientOf(
  read: (what: string) => string | undefined,
  older: ClientPair = ['CLIENT_ID', 'CLIENT_SECRET'],
): Pick<Shared, 'clientId' | 'clientSecret'> {
  const pairs = [['CLIENT_ID', 'CLIENT_SECRET'] as const, older];
  const [id, secret] = pairs.find((pair) => pair.some((what) => read(what) !== undefined)) ?? older;
  return { clientId: read(id), clientSecret: read(secret) };
}

/** Parameters of a request, without those that are not wanted. */
export function wanted(params: Readonly<Record<string, string | false | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
