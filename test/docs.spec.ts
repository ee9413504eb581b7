import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as root from 'nest-latchkey';
import {
  AuthError,
  authErrorCodes,
  type AuthModuleExtras,
  type EncryptionKey,
  type KeyOptions,
  type TrustedIssuerOptions,
} from 'nest-latchkey';
import * as passport from 'nest-latchkey/passport';
import * as providers from 'nest-latchkey/providers';
import * as testing from 'nest-latchkey/testing';
import * as typeorm from 'nest-latchkey/typeorm';
import { authHookNames } from '../libs/auth/src/auth.hooks.js';
import { commandsOf } from '../libs/auth/src/cli/command-line.js';
import { moduleOptionNames } from '../libs/auth/src/auth.options.js';
import { CookiesOptions, type SlidingRefresh } from '../libs/auth/src/http/cookies.options.js';
import { CsrfOptions } from '../libs/auth/src/http/csrf.options.js';
import { ErrorsOptions } from '../libs/auth/src/http/errors.options.js';
import { JwtOptions } from '../libs/auth/src/jwt/jwt.options.js';
import { ManagedKeysOptions } from '../libs/auth/src/jwt/managed-keys.options.js';
import { OAuth1ProviderOptions } from '../libs/auth/src/oauth/oauth1/oauth1.options.js';
import { OAuthOptions, OAuthRouteOptions } from '../libs/auth/src/oauth/oauth.options.js';
import { OAuth2ProviderOptions, OidcProviderOptions } from '../libs/auth/src/oauth/provider.options.js';
import { GuardOptions } from '../libs/auth/src/resource/guard.options.js';
import { TransportOptions } from '../libs/auth/src/resource/transport.options.js';
import { SessionOptions } from '../libs/auth/src/session/session.options.js';
import { RevocationOptions } from '../libs/auth/src/stores/revocation.options.js';

/** The rows of the tables of a page, below their headings: cells without their backticks. */
function rowsOf(file: string): string[][] {
  return rowsIn(readFileSync(file, 'utf8'));
}

function rowsIn(text: string): string[][] {
  const lines = text.split('\n');
  return lines
    .filter((line, index) => line.startsWith('|') && !line.startsWith('| --') && !lines[index + 1]?.startsWith('| --'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')));
}

/** The README, and what it leads to. */
const pages = [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe.each(pages)('%s', (page) => {
  const text = readFileSync(page, 'utf8');
  /** As GitHub names headings. */
  const anchorsOf = (markdown: string) =>
    [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );

  it('leads nowhere that is not there', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const lost = links.filter(([, path, anchor]) => {
      const target = path === '' ? page : join(dirname(page), path!);
      if (!existsSync(target)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
    });
    expect(lost.map(([link]) => link)).toEqual([]);
  });

  it('names files that are there', () => {
    const named = [...text.matchAll(/`((?:libs|src|test|docs|bench)\/[\w./-]+\.\w+)`/g)].map(([, path]) => path!);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });
});

it('docs/README.md leads to every page', () => {
  const index = readFileSync('docs/README.md', 'utf8');
  const left = pages.filter((page) => page.startsWith('docs/') && !index.includes(`](${page.replace('docs/', '')})`));
  expect(left).toEqual(['docs/README.md']);
});

it('the site has every page', () => {
  const { projectDocuments } = JSON.parse(readFileSync('typedoc.json', 'utf8')) as { projectDocuments: string[] };
  const index = ['README.md', 'docs/README.md'];
  expect(projectDocuments.toSorted()).toEqual(pages.filter((page) => !index.includes(page)).toSorted());
});

describe('docs/errors.md', () => {
  it('lists every code, with its status and its word', () => {
    const errors = authErrorCodes.map((code) => new AuthError(code));
    const expected = errors.map(({ code, statusCode, error }) => [code, String(statusCode), error]);
    expect(rowsOf('docs/errors.md').map((row) => row.slice(0, 3))).toEqual(expected);
  });
});

describe('docs/options.md', () => {
  const rows = rowsOf('docs/options.md');

  const slices = {
    jwt: new JwtOptions(),
    transport: new TransportOptions(),
    cookies: new CookiesOptions(),
    csrf: new CsrfOptions(),
    session: new SessionOptions(),
    oauth: new OAuthOptions(),
    revocation: new RevocationOptions(),
    errors: new ErrorsOptions(),
    guard: new GuardOptions(),
  };

  /** Every field of a slice is an option; a field that is a slice itself holds more of them. */
  function optionsOf(path: string, slice: object): [path: string, value: unknown][] {
    return Object.entries(slice).flatMap(([name, value]: [string, unknown]) => {
      const isSlice = typeof value === 'object' && value !== null && /Options|Names/.test(value.constructor.name);
      return isSlice ? optionsOf(`${path}.${name}`, value) : [[`${path}.${name}`, value]];
    });
  }
  const options = [
    ...Object.entries(slices).flatMap(([name, slice]) => optionsOf(name, slice)),
    ...optionsOf('jwt.managedKeys', new ManagedKeysOptions()),
    ...optionsOf('oauth', new OAuthRouteOptions()),
    ...optionsOf('oauth.providers[]', new OidcProviderOptions()).filter(([path]) => !path.endsWith('.kind')),
    // what several kinds have stands above
    ...optionsOf('oauth.providers[]', new OAuth2ProviderOptions()).filter(
      ([path]) => !Object.hasOwn(new OidcProviderOptions(), path.split('.').at(-1)!),
    ),
    ...optionsOf('oauth.providers[]', new OAuth1ProviderOptions()).filter(([path]) =>
      [new OidcProviderOptions(), new OAuth2ProviderOptions()].every(
        (other) => !Object.hasOwn(other, path.split('.').at(-1)!),
      ),
    ),
  ];

  // what has no class; the compiler holds these complete
  const others = [
    { isGlobal: true, globalGuard: true, controllers: true, imports: true } satisfies Record<
      keyof AuthModuleExtras,
      true
    >,
    { 'jwt.keys[].kid': true, 'jwt.keys[].algorithm': true, 'jwt.keys[].key': true } satisfies {
      [Name in keyof KeyOptions as `jwt.keys[].${Name}`]-?: true;
    },
    {
      'jwt.managedKeys.encryptionKeys[].id': true,
      'jwt.managedKeys.encryptionKeys[].key': true,
    } satisfies { [Name in keyof EncryptionKey as `jwt.managedKeys.encryptionKeys[].${Name}`]-?: true },
    {
      'jwt.trustedIssuers[].issuer': true,
      'jwt.trustedIssuers[].jwksUri': true,
      'jwt.trustedIssuers[].discovery': true,
      'jwt.trustedIssuers[].audience': true,
      'jwt.trustedIssuers[].algorithms': true,
      'jwt.trustedIssuers[].acceptUntypedTokens': true,
    } satisfies { [Name in keyof TrustedIssuerOptions as `jwt.trustedIssuers[].${Name}`]-?: true },
    { 'cookies.slidingRefresh.within': true, 'cookies.slidingRefresh.absolute': true } satisfies {
      [Name in keyof SlidingRefresh as `cookies.slidingRefresh.${Name}`]-?: true;
    },
  ].flatMap((names) => Object.keys(names));

  it('lists every option of forRoot(), and none besides', () => {
    const single = moduleOptionNames.filter((name) => !(name in slices) && name !== 'hooks');
    const hooks = authHookNames.map((name) => `hooks.${name}`);
    const expected = [...single, ...others, ...hooks, ...options.map(([path]) => path)];
    expect(rows.map(([name]) => name).toSorted()).toEqual(expected.toSorted());
  });

  it('gives the defaults as they are', () => {
    const told = new Map(rows.map(([name, , value]) => [name, value]));
    const plain = options.filter(([, value]) => value !== undefined);
    expect(plain.length).toBeGreaterThan(30);
    const asWritten = (value: unknown) => JSON.stringify(value).replaceAll('"', "'").replaceAll(',', ', ');
    expect(plain.map(([path]) => [path, told.get(path)])).toEqual(
      plain.map(([path, value]) => [path, asWritten(value)]),
    );
  });
});

describe('docs/command-line.md', () => {
  const page = readFileSync('docs/command-line.md', 'utf8');
  const commands = commandsOf({ stdout: process.stdout, stderr: process.stderr });

  it('has a section for every command, with its options', () => {
    const sections = page.split(/^## /m).slice(2);
    expect(sections.map((section) => section.split('\n')[0])).toEqual(commands.map((command) => command.name()));
    const shared = rowsIn(page.split(/^## /m)[1]!).map(([name]) => name);
    for (const [index, command] of commands.entries()) {
      const told = rowsIn(sections[index]!).flatMap(([name]) => (name!.startsWith('--') ? [name] : []));
      const options = [command, ...command.commands].flatMap((one) => one.options);
      const flags = new Set(options.map((option) => option.flags));
      expect([...flags].filter((flag) => !shared.includes(flag))).toEqual(told);
    }
  });
});

describe('docs/providers.md', () => {
  const rows = rowsOf('docs/providers.md');
  const words = { oidc: 'OpenID Connect', oauth2: 'OAuth 2', oauth1: 'OAuth 1.0a' };
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const clientsOf: Record<string, object> = {
    jira: {
      baseUrl: 'https://jira.example.com',
      consumerKey: 'app',
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    },
    twitter: { consumerKey: 'app', consumerSecret: 'secret' },
  };

  function told(name: string): string[] {
    const options = providers.presets[name]!(clientsOf[name] ?? { clientId: 'app', clientSecret: 'secret' });
    if (options.kind === 'oauth1') return [words.oauth1, '', options.emailTrust!, ''];
    const trusted = { never: 'never', always: 'always', claim: 'if it says so' }[options.emailTrust ?? 'claim'];
    const hasList = options.kind === 'oauth2' && options.emailsPath !== undefined;
    const scope = (options.scope as string[] | undefined)?.join(' ') ?? '';
    return [words[options.kind], scope, hasList ? 'of its list' : trusted, options.pkce === false ? 'no' : 'S256'];
  }

  it('says of every preset what it is, its scope, whose addresses count, and whether it takes PKCE', () => {
    const page = rows.map(([name, kind, , scope, address, pkce]) => [name, kind, scope, address, pkce]);
    expect(page).toEqual(Object.keys(providers.presets).map((name) => [`${name}()`, ...told(name)]));
  });

  it.each(rows.map(([call, , variable]) => [call!.replace('()', ''), variable!]))(
    'says where the client of %s comes from: %s',
    (name, variable) => {
      const id = name in clientsOf ? 'consumerKey' : 'clientId';
      process.env[variable] = 'from the environment';
      try {
        const options = providers.presets[name]!({ clientSecret: 'secret', ...clientsOf[name], [id]: undefined });
        expect(options).toMatchObject({ [id]: 'from the environment' });
      } finally {
        delete process.env[variable];
      }
    },
  );
});

describe('the environment of the reference application', () => {
  it('lists every variable, with its default', () => {
    const source = readFileSync('src/environment.ts', 'utf8');
    const variables = [...source.matchAll(/^ {2}([A-Z][A-Z_]*)(?:\?: \w+| = '(.*)');/gm)];
    const told = new Map(rowsOf('docs/reference-application.md').map(([name, value]) => [name, value]));
    expect(variables.length).toBeGreaterThan(15);
    for (const [, name, value] of variables) {
      expect([name, told.has(name)]).toEqual([name, true]);
      if (value) expect([name, told.get(name)]).toEqual([name, value]);
    }
  });
});

describe('docs/coming-from-flask.md, of Flask-Dance', () => {
  const page = readFileSync('docs/coming-from-flask.md', 'utf8').split('\n## Flask-Dance\n')[1]!;
  const ours = page
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|')[2]!)
    .join('\n');

  it('names what is exported', () => {
    const exported = Object.keys({ ...root, ...passport, ...providers, ...testing, ...typeorm });
    const named = [...ours.matchAll(/`@?(?:([a-z]\w+)\(|([A-Z]\w+))/g)].map(([, call, name]) => call ?? name!);
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !exported.includes(name))).toEqual([]);
  });

  it('names options that are there', () => {
    const classes = [new OidcProviderOptions(), new OAuth2ProviderOptions(), new OAuth1ProviderOptions()];
    const table = page.split('### Their options')[1]!.split('###')[0]!;
    const cells = table.split('\n').map((line) => line.split('|')[2] ?? '');
    const named = cells.flatMap((cell) => [...cell.matchAll(/`([a-zA-Z.]+)[`:]/g)].map(([, name]) => name!));
    const known = new Set([
      ...[...moduleOptionNames, ...classes.flatMap((one) => Object.keys(one))],
      ...Object.keys({ ...new OAuthOptions(), ...new OAuthRouteOptions() }).map((name) => `oauth.${name}`),
      ...Object.keys(new OAuthOptions().returnTo).map((name) => `oauth.returnTo.${name}`),
    ]);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});
