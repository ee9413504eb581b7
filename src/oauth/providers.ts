import { readFileSync } from 'node:fs';
import type { OAuthLoginOptions } from 'nest-latchkey/passport';
import { presets } from 'nest-latchkey/providers';
import { EnvironmentError, type Environment } from '../environment.js';

type Providers = NonNullable<OAuthLoginOptions['providers']>;

/**
 * The providers of `OAUTH_PROVIDERS`, a JSON file with one object a provider, as `oauthLogin({ providers })` takes them or with
 * the name of a `preset`; and the presets whose client the environment holds.
 *
 * Does not look at their fields: the library does.
 *
 * @throws EnvironmentError when the file cannot be read, or holds something else.
 */
export function oauthProviders({ oauthProviders: path, allowLoopbackHttp }: Environment): Providers {
  const configured = path === undefined ? [] : fromFile(path, allowLoopbackHttp);
  const named = new Set(configured.map(({ name }) => name));
  const others = fromVariables().filter(({ name }) => !named.has(name));
  const homeless = others.find((provider) => provider.kind === 'oauth1' && provider.requestTokenEndpoint === undefined);
  if (homeless !== undefined)
    throw new EnvironmentError([
      `the client of ${homeless.name} is not all: its address goes into a file named by OAUTH_PROVIDERS, { "${homeless.name}": { "preset": "${homeless.name}", "baseUrl": "https://…" } }, and the client may stay in the environment`,
    ]);
  return [...configured, ...others];
}

/** Presets whose client the environment holds, such as `GITHUB_OAUTH_CLIENT_ID`: the library knows the names. */
function fromVariables(): Providers {
  const found = Object.values(presets).map((preset) => preset());
  const half = found.find((provider) => {
    const { key, proof } = clientOf(provider);
    return (key === undefined) !== (proof === undefined);
  });
  if (half !== undefined) {
    const names =
      half.kind === 'oauth1'
        ? 'its key and its secret'
        : '…_OAUTH_CLIENT_ID and …_OAUTH_CLIENT_SECRET (apple: …_OAUTH_PRIVATE_KEY)';
    throw new EnvironmentError([`the client of ${half.name} must be whole: set ${names}, or neither`]);
  }
  return found.filter((provider) => clientOf(provider).key !== undefined);
}

function clientOf(provider: Providers[number]): { key: unknown; proof: unknown } {
  if (provider.kind !== 'oauth1')
    return { key: provider.clientId, proof: provider.clientSecret ?? provider.privateKey };
  return { key: provider.consumerKey, proof: provider.consumerSecret ?? provider.privateKey };
}

function fromFile(path: string, allowLoopbackHttp: boolean): Providers {
  return Object.entries(readObject(path)).map(([name, fields]) => {
    if (!isObject(fields)) throw new EnvironmentError([`OAUTH_PROVIDERS: ${name} must be an object`]);
    for (const field of ['name', 'allowInsecureLoopback']) {
      if (Object.hasOwn(fields, field))
        throw new EnvironmentError([
          `OAUTH_PROVIDERS: ${name}.${field} must not stand there: the name is the member's, and OAUTH_ALLOW_LOOPBACK_HTTP allows http`,
        ]);
    }
    return toOptions(name, { ...fields, name, allowInsecureLoopback: allowLoopbackHttp });
  });
}

function toOptions(name: string, { preset, ...fields }: Record<string, unknown>): Providers[number] {
  if (preset === undefined) return fields as unknown as Providers[number];
  if (typeof preset !== 'string' || !Object.hasOwn(presets, preset))
    throw new EnvironmentError([
      `OAUTH_PROVIDERS: ${name}.preset must be one of ${Object.keys(presets).toSorted().join(', ')}`,
    ]);
  if (fields['kind'] !== undefined)
    throw new EnvironmentError([`OAUTH_PROVIDERS: ${name}.kind stands beside preset, which knows it: take it out`]);
  return presets[preset]!(fields);
}

function readObject(path: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // the parser's message quotes the file, secrets and all
    throw new EnvironmentError(['OAUTH_PROVIDERS must be the path of a JSON file that can be read']);
  }
  if (isObject(parsed)) return parsed;
  throw new EnvironmentError(['OAUTH_PROVIDERS must hold one object, with the names of providers as members']);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
