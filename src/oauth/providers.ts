import { hkdfSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { OAuthLoginOptions } from 'nest-latchkey/passport';
import { EnvironmentError, type Environment } from '../environment.js';
import type { SigningKey } from '../keys.js';

type Providers = NonNullable<OAuthLoginOptions['providers']>;

/**
 * The providers of `OAUTH_PROVIDERS`: a JSON file with one object a provider, as `oauthLogin({ providers })` takes them.
 *
 * Does not look at their fields: the library does.
 *
 * @throws EnvironmentError when the file cannot be read, or holds something else.
 */
export function oauthProviders({ oauthProviders: path, allowLoopbackHttp }: Environment): Providers {
  if (path === undefined) return [];
  return Object.entries(readObject(path)).map(([name, fields]) => {
    if (!isObject(fields)) throw new EnvironmentError([`OAUTH_PROVIDERS: ${name} must be an object`]);
    for (const field of ['name', 'allowInsecureLoopback']) {
      if (Object.hasOwn(fields, field))
        throw new EnvironmentError([
          `OAUTH_PROVIDERS: ${name}.${field} must not stand there: the name is the member's, and OAUTH_ALLOW_LOOPBACK_HTTP allows http`,
        ]);
    }
    return { ...fields, name, allowInsecureLoopback: allowLoopbackHttp } as Providers[number];
  });
}

/** One for all processes, without a variable of its own; whoever changes the signing key interrupts the log-ins under way. */
export function flowKey(signing: SigningKey): NonNullable<OAuthLoginOptions['encryptionKeys']>[number] {
  const material = 'secret' in signing ? signing.secret : pemOf(signing.privateKey);
  return { id: 'derived', key: new Uint8Array(hkdfSync('sha256', material, '', 'latchkey-app oauth flows', 32)) };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
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
