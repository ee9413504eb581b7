import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthConfigError, AuthModule, memoryStores, noStores, type AuthModuleOptions } from 'nest-latchkey';
import { cookieGrants, noGrants, oauthLogin, OAuthService, type OAuthLoginOptions } from 'nest-latchkey/passport';
import { github, oidc, twitter } from 'nest-latchkey/providers';
import passport from 'passport';
import { guardedBy } from './dance.js';
import { Api, bootFailure, issuer, rootModule, secret, type FixtureOptions } from '../e2e/fixture.js';

const clientSecret = 'the canary of the client';
const good = { issuer: 'https://sso.example.com', clientId: 'app', clientSecret };
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const optionsWith = (oauth: OAuthLoginOptions, more: Partial<AuthModuleOptions> = {}): FixtureOptions => ({
  options: { session: {}, hooks: { oauthUser: () => null }, oauth: oauthLogin(oauth), ...more },
});
const corp = (options: object) => oidc('corp', { ...good, ...options } as never);
const boot = (oauth: OAuthLoginOptions, more?: Partial<AuthModuleOptions>) =>
  bootFailure(rootModule(optionsWith(oauth, more)));

const expectRefused = (error: unknown, option: string, problem: RegExp): void => {
  expect(error).toBeInstanceOf(AuthConfigError);
  expect(error).toMatchObject({ option, message: expect.stringMatching(problem) });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(clientSecret);
};

describe('oauthLogin()', () => {
  it('boots with a provider that is not there yet', async () => {
    expect(await boot({ providers: [corp({})] })).toBeUndefined();
  });

  it('O65 boots without a provider', async () => {
    expect(await boot({})).toBeUndefined();
  });

  it.each<[string, OAuthLoginOptions | (() => OAuthLoginOptions), string, RegExp]>([
    ['two of one name', { providers: [corp({}), corp({})] }, 'oauth.providers[1].name', /there are two called corp/],
    ['a name for a path', { providers: [oidc('../x', good)] }, 'oauth.providers[0].name', /1 to 32 letters/],
    ['no name', { providers: [oidc('', good)] }, 'oauth.providers[0].name', /1 to 32 letters/],
    ['no provider', { providers: [null as never] }, 'oauth.providers[0]', /must be a provider/],
    [
      'another kind',
      { providers: [{ ...corp({}), kind: 'oauth3' as never }] },
      'oauth.providers[0].kind',
      /must be 'oidc'/,
    ],
    ['an unknown option', { providers: [corp({ scopes: [] })] }, 'oauth.providers[0].scopes', /is no option/],
    ['no issuer', { providers: [corp({ issuer: undefined })] }, 'oauth.providers[0].issuer', /./],
    [
      'an issuer that is no URL',
      { providers: [corp({ issuer: 'sso' })] },
      'oauth.providers[0].issuer',
      /must be the issuer's URL/,
    ],
    [
      'an issuer with a query',
      { providers: [corp({ issuer: 'https://a/?b' })] },
      'oauth.providers[0].issuer',
      /must be the issuer's URL/,
    ],
    [
      'plain http',
      { providers: [corp({ issuer: 'http://sso.example.com', allowInsecureLoopback: true })] },
      'oauth.providers[0].issuer',
      /use https \(http on loopback only\)/,
    ],
    [
      'plain http on loopback',
      { providers: [corp({ issuer: 'http://127.0.0.1:1' })] },
      'oauth.providers[0].issuer',
      /set allowInsecureLoopback/,
    ],
    ['no clientId', { providers: [corp({ clientId: '' })] }, 'oauth.providers[0].clientId', /./],
    ['an empty clientSecret', { providers: [corp({ clientSecret: '' })] }, 'oauth.providers[0].clientSecret', /./],
    ['no openid', { providers: [corp({ scope: ['email'] })] }, 'oauth.providers[0].scope', /lacks 'openid'/],
    [
      'a scope of two words',
      { providers: [corp({ scope: ['openid email'] })] },
      'oauth.providers[0].scope',
      /list of scope values/,
    ],
    ['a text for a scope', { providers: [corp({ scope: 'openid' })] }, 'oauth.providers[0].scope', /./],
    [
      'another response mode',
      { providers: [corp({ responseMode: 'fragment' })] },
      'oauth.providers[0].responseMode',
      /'query' or 'form_post'/,
    ],
    [
      'alg none',
      { providers: [corp({ idTokenSignedResponseAlg: 'none' })] },
      'oauth.providers[0].idTokenSignedResponseAlg',
      /asymmetric/,
    ],
    [
      'HS256',
      { providers: [corp({ idTokenSignedResponseAlg: 'HS256' })] },
      'oauth.providers[0].idTokenSignedResponseAlg',
      /asymmetric/,
    ],
    [
      'a secret for none',
      { providers: [corp({ tokenEndpointAuthMethod: 'none' })] },
      'oauth.providers[0].clientSecret',
      /not used by 'none'/,
    ],
    [
      'no secret for basic',
      { providers: [corp({ clientSecret: undefined, tokenEndpointAuthMethod: 'client_secret_basic' })] },
      'oauth.providers[0].clientSecret',
      /is missing/,
    ],
    [
      'no key',
      { providers: [corp({ clientSecret: undefined, tokenEndpointAuthMethod: 'private_key_jwt' })] },
      'oauth.providers[0].privateKey',
      /is missing/,
    ],
    [
      'a key beside a secret',
      { providers: [corp({ privateKey: { key: privateKey } })] },
      'oauth.providers[0].privateKey',
      /beside clientSecret/,
    ],
    [
      'a public key',
      {
        providers: [
          corp({
            clientSecret: undefined,
            privateKey: { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey },
          }),
        ],
      },
      'oauth.providers[0].privateKey.key',
      /is a public key/,
    ],
    [
      'a short key',
      {
        providers: [
          corp({
            clientSecret: undefined,
            privateKey: { key: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey },
          }),
        ],
      },
      'oauth.providers[0].privateKey.key',
      /at least 2048 bits/,
    ],
    [
      'a key of another kind',
      {
        providers: [corp({ clientSecret: undefined, privateKey: { key: generateKeyPairSync('ed25519').privateKey } })],
      },
      'oauth.providers[0].privateKey.algorithm',
      /must be one of/,
    ],
    [
      'text for a key',
      { providers: [corp({ clientSecret: undefined, privateKey: { key: clientSecret } })] },
      'oauth.providers[0].privateKey.key',
      /cannot be read/,
    ],
    [
      'an answer elsewhere',
      { providers: [corp({ redirectUri: 'https://evil.example/answer' })] },
      'oauth.providers[0].redirectUri',
      /must be a URL of publicUrl/,
    ],
    [
      'an answer in a fragment',
      { providers: [corp({ redirectUri: `${issuer}/a#b` })] },
      'oauth.providers[0].redirectUri',
      /must be a URL of publicUrl/,
    ],
    [
      'one address for the answers of two',
      {
        providers: [
          corp({ redirectUri: `${issuer}/own/answer` }),
          oidc('other', { ...good, redirectUri: `${issuer}/own/answer` }),
        ],
      },
      'oauth.providers[1].redirectUri',
      /is that of corp: give each provider one of its own/,
    ],
    [
      'an age of a log-in that is none',
      { providers: [corp({ authorizationParams: { max_age: 'short' } })] },
      'oauth.providers[0].authorizationParams.max_age',
      /whole seconds/,
    ],
    [
      'a text for the scope of the application',
      { providers: [corp({ applicationScope: 'read' })] },
      'oauth.providers[0].applicationScope',
      /must be a list of scope values/,
    ],
    [
      'two values in one of the application',
      { providers: [corp({ applicationScope: ['read write'] })] },
      'oauth.providers[0].applicationScope',
      /must be a list of scope values/,
    ],
    [
      'null for the scope of the application',
      { providers: [corp({ applicationScope: null })] },
      'oauth.providers[0].applicationScope',
      /must not be null/,
    ],
    [
      'tokens of an application that proves nothing',
      { providers: [corp({ clientSecret: undefined, applicationScope: ['read'] })] },
      'oauth.providers[0].applicationScope',
      /needs clientSecret or privateKey/,
    ],
    [
      'tokens of an application that proves nothing to a preset',
      {
        providers: [github({ clientId: 'app', tokenEndpointAuthMethod: 'none', applicationScope: [] })],
      },
      'oauth.providers[0].applicationScope',
      /needs clientSecret or privateKey/,
    ],
    [
      'tokens of the application by OAuth 1',
      { providers: [twitter({ consumerKey: 'app', consumerSecret: clientSecret, applicationScope: [] } as object)] },
      'oauth.providers[0].applicationScope',
      /is no option/,
    ],
    [
      'tokens of the application in cookies',
      { providers: [corp({ applicationScope: ['read'] })], grants: cookieGrants() },
      'oauth.providers[0].applicationScope',
      /needs a store that keeps the token/,
    ],
    [
      'tokens of the application nowhere',
      { providers: [corp({ applicationScope: [] })], grants: noGrants() },
      'oauth.providers[0].applicationScope',
      /needs a store that keeps the token/,
    ],
    ['a default elsewhere', { returnTo: { default: '//evil.example' } }, 'oauth.returnTo.default', /must be a path/],
    ['an origin that is none', { returnTo: { allow: ['evil'] } }, 'oauth.returnTo.allow', /must hold origins/],
    ['no timeout', { timeout: 0 }, 'oauth.timeout', /from 1 to 60 seconds/],
    ['a long timeout', { timeout: '5m' }, 'oauth.timeout', /from 1 to 60 seconds/],
    ['a short key', { encryptionKeys: [{ id: 'a', key: 'short' }] }, 'oauth.encryptionKeys[0].key', /32 random bytes/],
  ])('O64 does not boot with %s', async (_what, oauth, option, problem) => {
    expectRefused(await boot(oauth as OAuthLoginOptions), option, problem);
  });

  it.each([
    'client_id',
    'response_type',
    'response_mode',
    'redirect_uri',
    'scope',
    'state',
    'nonce',
    'code_challenge',
    'code_challenge_method',
    'request',
    'request_uri',
    'client_secret',
    'code_verifier',
  ])('O4 OC-17 does not boot with an authorization parameter %s of its own', async (name) => {
    const error = await boot({ providers: [corp({ authorizationParams: { [name]: 'x' } })] });
    expectRefused(error, `oauth.providers[0].authorizationParams.${name}`, /is reserved/);
  });

  it.each<[string, object, RegExp]>([
    ['path', { path: '/login' }, /path without slashes/],
    ['path', { path: 'a/:b' }, /path without slashes/],
    ['controller', { controller: 'no' }, /./],
  ])('O3 refuses a %s', (option, options, problem) => {
    expect(() => oauthLogin(options as never)).toThrow(expect.objectContaining({ option: `oauth.${option}` }));
    expect(() => oauthLogin(options as never)).toThrow(problem);
  });

  it.each<[string, Partial<AuthModuleOptions>, string, RegExp]>([
    ['no sessions', { session: undefined as never }, 'oauth', /set session: \{\}/],
    ['sessions in headers', { session: { transfer: 'header' } }, 'oauth', /transfer 'any' or 'cookie'/],
    ['nobody who knows the users', { hooks: {} }, 'hooks.oauthUser', /is missing/],
    ['nowhere to remember', { stores: noStores() }, 'stores', /remembers no log-ins/],
    [
      'stores of another making',
      { stores: { ...memoryStores(), create: () => ({}) } },
      'stores',
      /remembers no log-ins/,
    ],
    ['plain http', { publicUrl: 'http://app.example.com' }, 'publicUrl', /use https/],
    ['something else', { oauth: { providers: 5 } as never }, 'oauth', /must be oauthLogin\(\)/],
  ])('CF-07 does not boot with %s', async (_what, more, option, problem) => {
    let error: unknown;
    try {
      error = await boot({ providers: [corp({})] }, more);
    } catch (thrown) {
      error = thrown;
    }
    expectRefused(error, option, problem);
  });

  it('does not boot without a public address', async () => {
    const { options, ...rest } = optionsWith({ providers: [corp({})] });
    const root = rootModule({ ...rest, options: { ...options, jwt: { issuer: 'app' }, session: undefined as never } });
    expectRefused(await bootFailure(root), 'publicUrl', /is missing: oauth needs to know/);
  });

  it('CF-07 does not boot where codes would travel over plain http, though nothing else does', async () => {
    const more = { publicUrl: 'http://app.example.com', session: undefined as never, hooks: {} };
    const error = await boot({ providers: [corp({})], controller: false }, more);
    expectRefused(error, 'publicUrl', /is plain http, where codes can be read/);
  });

  it('O64 wants a key in production', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      expectRefused(await boot({ providers: [corp({})] }), 'oauth.encryptionKeys', /is missing in production/);
      const encryptionKeys = [{ id: 'a', key: randomBytes(32) }];
      expect(await boot({ providers: [corp({})], encryptionKeys })).toBeUndefined();
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it('O3 mounts no routes when told, needs no sessions then, and lives below another path', async () => {
    const own = new Api('express', optionsWith({ providers: [corp({})], path: 'auth/with' }));
    await own.start();
    expect((await own.send('HEAD', '/auth/with/corp')).status).toBe(204);
    expect((await own.get('/login/corp')).status).toBe(404);
    await own.stop();
    const more = { session: undefined as never, hooks: {} };
    const none = new Api('express', optionsWith({ providers: [corp({})], controller: false }, more));
    await none.start();
    expect((await none.get('/login/corp')).status).toBe(404);
    expect(none.app.get(OAuthService).providers).toEqual(['corp']);
    await none.stop();
  });

  it('O65 loads neither passport-jwt nor passport-oauth2 before they are needed', () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(file, 'utf8').replaceAll(/^(import|export) type [^;]*;/gm, '');
      for (const [, to] of text.matchAll(/^(?:import|export) [^;]*? from '([^']+)'/gm)) {
        if (to!.startsWith('.')) visit(join(dirname(file), to!.replace(/\.js$/, '.ts')));
        else seen.add(to!);
      }
    };
    visit('libs/auth/src/passport/index.ts');
    expect([...seen].filter((name) => name.startsWith('passport'))).toEqual(['passport']);
  });

  it('shows no secret to whoever prints the service', async () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const jwk = key.export({ format: 'jwk' });
    const signing = oidc('key', { ...good, clientSecret: undefined, privateKey: { key: jwk } });
    const api = new Api('express', optionsWith({ providers: [corp({}), signing] }));
    await api.start();
    const text = inspect(api.app.get(OAuthService), { depth: 6, showHidden: true });
    expect(text).toContain('https://sso.example.com');
    for (const hidden of [clientSecret, jwk.d!]) expect(text).not.toContain(hidden);
    await api.stop();
  });

  it('holds the names of its providers while it runs: a second application needs others', async () => {
    const first = new Api('express', optionsWith({ providers: [corp({})] }));
    await first.start();
    const error = await boot({ providers: [oidc('a', good), corp({})] });
    expectRefused(
      error,
      "passport strategy 'corp'",
      /still runs in this process.*another name here, for example oidc\('my-corp'/,
    );
    expect(Reflect.get(passport, '_strategies')).not.toHaveProperty('a');
    await first.stop();
    expect(await boot({ providers: [corp({})] })).toBeUndefined();
    expect(Reflect.get(passport, '_strategies')).not.toHaveProperty('corp');
  });

  it.each(['constructor', 'toString', 'hasOwnProperty', 'default'])(
    'does not boot with the name %s, which means something else to AuthGuard()',
    async (name) => {
      const before = Object.getOwnPropertyNames(Object.prototype);
      expectRefused(
        await boot({ providers: [oidc(name, good)] }),
        `passport strategy '${name}'`,
        /taken by AuthGuard\(\) itself.*give the provider another name/,
      );
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    },
  );

  it('decides no request of another application of the process', async () => {
    const first = new Api('express', optionsWith({ providers: [corp({})] }));
    const second = new Api('express', { controllers: [guardedBy('corp')] });
    await first.start();
    await second.start();
    const { status, headers, body } = await second.send('GET', '/own/start', { mayFail: true });
    expect([status, headers.location, body['errorCode']]).toEqual([500, undefined, 'unsupported_context']);
    await second.stop();
    await first.stop();
  });

  describe('beside forRootAsync()', () => {
    const rest = { jwt: { issuer, secret }, session: {}, hooks: { oauthUser: () => null } };
    const start = async (auth: DynamicModule) => {
      @Module({ imports: [auth] })
      class RootModule {}
      const app = await NestFactory.create(RootModule, { abortOnError: false, logger: false });
      await app.init();
      return app;
    };

    it('takes a factory of its own', async () => {
      @Module({ providers: [{ provide: 'CLIENT', useValue: good }], exports: ['CLIENT'] })
      class ClientModule {}
      const oauth = oauthLogin({
        inject: ['CLIENT'],
        useFactory: async (client: typeof good) => ({ providers: [oidc('late', client)] }),
      });
      const app = await start(
        AuthModule.forRootAsync({ useFactory: () => rest, oauth, imports: [ClientModule as never] }),
      );
      expect(app.get(OAuthService).providers).toEqual(['late']);
      await app.close();
    });

    it('takes nothing beside its factory that would be overlooked', () => {
      const make = () => oauthLogin({ useFactory: () => ({ providers: [] }), timeout: 5 } as never);
      expect(make).toThrow(expect.objectContaining({ option: 'oauth.timeout' }));
    });

    it('says where it stands when the factory gives it', async () => {
      const oauth = oauthLogin({ providers: [corp({})] });
      const error = await start(AuthModule.forRootAsync({ useFactory: () => ({ ...rest, oauth }) })).catch(
        (reason: unknown) => reason,
      );
      expectRefused(error, 'oauth', /write it beside useFactory/);
    });
  });
});
