import { generateKeyPairSync, KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { Controller, Get, Inject, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  anyOf,
  AUTH_SETTINGS,
  AuthConfigError,
  AuthModule,
  body,
  CurrentToken,
  CurrentUser,
  memoryStores,
  noStores,
  param,
  Public,
  query,
  RequireToken,
  type AuthModuleAsyncOptions,
  type AuthModuleExtras,
  type AuthModuleOptions,
  type AuthOptionsFactory,
  type RequireTokenOptions,
} from 'nest-latchkey';
import { adapters, Api, bootFailure, issuer, rootModule, secret } from './fixture.js';

/** Options as they come from JavaScript or a configuration file: anything. */
type Anything = Record<string, any>;

/** The application as the options, given whole, make it. */
function appOf(options: unknown, controllers: Type[] = []): Type {
  @Module({ imports: [AuthModule.forRoot(options as AuthModuleOptions & AuthModuleExtras)], controllers })
  class AppModule {}
  return AppModule;
}

/** Every text in the options that nobody may read in a message. */
function secretsOf(value: unknown): string[] {
  if (value instanceof KeyObject) return [];
  if (value instanceof Uint8Array) return value.length < 8 ? [] : secretsOf(Buffer.from(value).toString('latin1'));
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(secretsOf);
  if (typeof value !== 'string') return [];
  const lines = value.includes('-----') ? value.split('\n').filter((line) => !line.includes('-----')) : [value];
  return lines.map((line) => line.trim()).filter((line) => line.length >= 6);
}

/** The boot stops, naming the option and the mend, and prints no secret in whatever way the error is printed. */
function expectConfigError(error: unknown, option: string, mend: RegExp, secrets: readonly string[] = []): void {
  expect(error).toBeInstanceOf(AuthConfigError);
  const { option: named, message, name } = error as AuthConfigError;
  expect({ named, message }).toEqual({ named: option, message: expect.stringMatching(mend) });
  expect(name).toBe('AuthConfigError');
  expect(message.startsWith(`${option}: `)).toBe(true);
  expect(message).not.toMatch(/\[object/);
  const printed = [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error)].join('\n');
  for (const text of secrets) expect(printed).not.toContain(text);
}

const pem = (pair: { privateKey: KeyObject; publicKey: KeyObject }) => ({
  privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }) as string,
});
const rsaPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsa = pem(rsaPair);
const otherRsa = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }));
const weakRsa = pem(generateKeyPairSync('rsa', { modulusLength: 1024 }));
const ec = pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const ec384 = pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }));
const ed = pem(generateKeyPairSync('ed25519'));
const encrypted = rsaPair.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
const rsaDer = rsaPair.publicKey.export({ type: 'spki', format: 'der' });
const rsaJwk = rsaPair.publicKey.export({ format: 'jwk' });
const key = (kid: string | undefined, more: Anything = {}) => ({ kid, algorithm: 'HS256', key: secret, ...more });

type Line = readonly [id: string, problem: string, jwt: Anything, option: string, mend: RegExp];

describe('the key', () => {
  const secrets: Line[] = [
    ['CF-01', 'missing', {}, 'jwt.secret', /missing.*openssl rand -base64 32.*environment variable/],
    ['CF-01', 'undefined, as from the environment', { secret: process.env['NO_SUCH_SECRET'] }, 'jwt.secret', /missing/],
    ['CF-01', 'empty', { secret: '' }, 'jwt.secret', /missing/],
    ['CF-01', 'null', { secret: null }, 'jwt.secret', /missing/],
    ['CF-01', 'empty bytes', { secret: new Uint8Array() }, 'jwt.secret', /shorter than 32 bytes.*openssl rand/],
    [
      'CF-01',
      '31 bytes',
      { secret: secret.slice(0, 31) },
      'jwt.secret',
      /shorter than 32 bytes.*openssl rand -base64 32/,
    ],
    ['CF-01', '47 bytes for HS384', { secret: secret.slice(0, 47), algorithm: 'HS384' }, 'jwt.secret', /than 48 bytes/],
    ['CF-01', '63 bytes for HS512', { secret: secret.slice(0, 63), algorithm: 'HS512' }, 'jwt.secret', /than 64 bytes/],
    ['CF-01', 'one word', { secret: 'hunter2' }, 'jwt.secret', /shorter than 32 bytes/],
    ['CF-01', 'a word repeated', { secret: 'secret'.repeat(8) }, 'jwt.secret', /known example|repeated pattern/],
    ['CF-01', 'a known example', { secret: 'Your-256-bit-secret '.repeat(3) }, 'jwt.secret', /known example/],
    ['CF-01', 'one letter', { secret: 'a'.repeat(64) }, 'jwt.secret', /repeated pattern/],
    ['CF-01', 'digits repeated', { secret: '1234567890'.repeat(5) }, 'jwt.secret', /repeated pattern/],
    ['CF-01', 'zero bytes', { secret: Buffer.alloc(64) }, 'jwt.secret', /repeated pattern/],
    ['CF-01', 'a number', { secret: 1e40 }, 'jwt.secret', /must be a secret/],
    ['CF-01', 'true', { secret: true }, 'jwt.secret', /must be a secret/],
    ['CF-01', 'an object', { secret: {} }, 'jwt.secret', /must be a secret/],
    ['CF-01', 'a function', { secret: () => secret }, 'jwt.secret', /must be a secret/],
    ['CF-01', 'a short oct JWK', { secret: { kty: 'oct', k: 'c2hvcnQgc2VjcmV0' } }, 'jwt.secret', /shorter than 32/],
    [
      'CF-01',
      'short in the ring',
      { keys: [key('a', { key: 'short-but-secret' })] },
      'jwt.keys[0].key',
      /shorter than 32/,
    ],
    ['CF-01', 'missing in the ring', { keys: [key('a', { key: undefined })] }, 'jwt.keys[0].key', /missing/],
    ['CF-01', 'an empty ring', { keys: [] }, 'jwt.keys', /at least one key/],
    ['CF-01', 'no ring', { keys: null }, 'jwt.keys', /at least one key|must be a list/],
    ['CF-01', 'a ring that is no list', { keys: { kid: 'a' } }, 'jwt.keys', /at least one key|must be a list/],
    ['CF-01', 'private, and missing', { algorithm: 'RS256' }, 'jwt.privateKey', /missing.*PEM, JWK or KeyObject/],
    ['CF-01', 'private, and empty', { algorithm: 'ES256', privateKey: '' }, 'jwt.privateKey', /missing/],
  ];
  const kinds: Line[] = [
    ['CF-02', 'public PEM as secret', { secret: rsa.publicKey }, 'jwt.secret', /PEM.*wants random bytes/],
    ['CF-02', 'private PEM as secret', { secret: rsa.privateKey }, 'jwt.secret', /PEM.*wants random bytes/],
    ['CF-02', 'PEM with a space before it as secret', { secret: ` ${ec.publicKey}` }, 'jwt.secret', /PEM/],
    ['CF-02', 'DER as secret', { secret: rsaDer }, 'jwt.secret', /DER.*wants random bytes/],
    ['CF-02', 'JWK text as secret', { secret: JSON.stringify(rsaJwk) }, 'jwt.secret', /JWK.*wants random bytes|known/],
    ['CF-02', 'JWK as secret', { secret: rsaJwk }, 'jwt.secret', /must be a secret/],
    ['CF-02', 'KeyObject of a pair as secret', { secret: rsaPair.publicKey }, 'jwt.secret', /must be a secret/],
    [
      'CF-02',
      'public PEM in the ring of secrets',
      { keys: [key('a', { key: ec.publicKey })] },
      'jwt.keys[0].key',
      /PEM/,
    ],
    ['CF-02', 'private as public', { algorithm: 'RS256', publicKey: rsa.privateKey }, 'jwt.publicKey', /private key/],
    [
      'CF-02',
      'private as public beside it',
      { algorithm: 'RS256', ...rsa, publicKey: rsa.privateKey },
      'jwt.publicKey',
      /private key/,
    ],
    ['CF-02', 'public as private', { algorithm: 'RS256', privateKey: rsa.publicKey }, 'jwt.privateKey', /public key/],
    [
      'CF-02',
      'of two pairs',
      { algorithm: 'RS256', ...rsa, publicKey: otherRsa.publicKey },
      'jwt.publicKey',
      /does not belong/,
    ],
    ['CF-02', 'a secret for RS256', { algorithm: 'RS256', secret }, 'jwt.secret', /RS256 wants jwt.privateKey/],
    [
      'CF-02',
      'a secret as private key',
      { algorithm: 'RS256', privateKey: secret },
      'jwt.privateKey',
      /cannot be read/,
    ],
    ['CF-02', 'a private key for HS256', { privateKey: rsa.privateKey }, 'jwt.privateKey', /set jwt.algorithm/],
    ['CF-02', 'a public key for HS256', { publicKey: rsa.publicKey }, 'jwt.publicKey', /set jwt.algorithm/],
    ['CF-02', 'given twice', { secret, privateKey: rsa.privateKey }, 'jwt.privateKey', /beside jwt.secret: keep one/],
    ['CF-02', 'given beside a ring', { secret, keys: [key('a')] }, 'jwt.keys', /beside jwt.secret: keep one/],
    [
      'CF-02',
      'public beside a ring',
      { publicKey: rsa.publicKey, keys: [key('a')] },
      'jwt.publicKey',
      /beside jwt.keys/,
    ],
    ['CF-02', 'encrypted', { algorithm: 'RS256', privateKey: encrypted }, 'jwt.privateKey', /cannot be read/],
    ['CF-02', 'garbage', { algorithm: 'RS256', privateKey: 'no PEM at all' }, 'jwt.privateKey', /cannot be read/],
    ['CF-02', 'RSA for ES256', { algorithm: 'ES256', privateKey: rsa.privateKey }, 'jwt.privateKey', /wants an EC key/],
    ['CF-02', 'EC for RS256', { algorithm: 'RS256', privateKey: ec.privateKey }, 'jwt.privateKey', /wants an RSA key/],
    [
      'CF-02',
      'another curve',
      { algorithm: 'ES256', privateKey: ec384.privateKey },
      'jwt.privateKey',
      /curve prime256v1/,
    ],
    [
      'CF-02',
      'Ed25519 for ES256',
      { algorithm: 'ES256', privateKey: ed.privateKey },
      'jwt.privateKey',
      /wants an EC key/,
    ],
    [
      'CF-02',
      'EC for EdDSA',
      { algorithm: 'EdDSA', privateKey: ec.privateKey },
      'jwt.privateKey',
      /wants an Ed25519 key/,
    ],
    [
      'CF-10',
      'RSA of 1024 bits',
      { algorithm: 'RS256', privateKey: weakRsa.privateKey },
      'jwt.privateKey',
      /2048 bits/,
    ],
    [
      'CF-10',
      'RSA with e = 1',
      { algorithm: 'RS256', publicKey: { ...rsaJwk, e: 'AQ' } },
      'jwt.publicKey',
      /exponent is below 3/,
    ],
    [
      'CF-10',
      'for encryption',
      { algorithm: 'RS256', publicKey: { ...rsaJwk, use: 'enc' } },
      'jwt.publicKey',
      /signing key/,
    ],
    [
      'CF-10',
      'a JWK of another algorithm',
      { algorithm: 'RS256', publicKey: { ...rsaJwk, alg: 'PS256' } },
      'jwt.publicKey',
      /another algorithm/,
    ],
    [
      'CF-10',
      'of one kid twice',
      { keys: [key('a'), key('a', { key: `${secret}2` })] },
      'jwt.keys',
      /two keys with the kid "a"/,
    ],
    ['CF-10', 'without kid twice', { keys: [key(undefined), key(undefined)] }, 'jwt.keys', /name all but one/],
    ['CF-10', 'of an empty kid', { keys: [key('')] }, 'jwt.keys[0].kid', /non-empty text/],
    ['CF-10', 'of a kid that is no text', { keys: [key(5 as never)] }, 'jwt.keys[0].kid', /non-empty text/],
    ['CF-10', 'null in the ring', { keys: [key('a'), null] }, 'jwt.keys[1]', /\{ kid, algorithm, key \}/],
    [
      'CF-06',
      'with a typo',
      { keys: [{ ...key('a'), algoritm: 'HS256' }] },
      'jwt.keys[0].algoritm',
      /a key has kid, algorithm, key/,
    ],
  ];
  const algorithmsOf: Line[] = [
    ...['none', 'None', 'hs256', 'HS1', '', 'HS256 ', [], ['HS256'], null, 5, {}, '__proto__'].map(
      (algorithm): Line => [
        'CF-03',
        `${inspect(algorithm)} as algorithm`,
        { secret, algorithm },
        'jwt.algorithm',
        /one of HS256, /,
      ],
    ),
    ...['none', undefined, 'HS', ['HS256']].map((algorithm): Line => [
      ...(['CF-03', `${inspect(algorithm)} as algorithm in the ring`] as const),
      ...([{ keys: [key('a', { algorithm })] }, 'jwt.keys[0].algorithm', /one of HS256, /] as const),
    ]),
    [
      'CF-03',
      'mixed with another family',
      { keys: [key('a'), { kid: 'b', algorithm: 'RS256', key: rsa.publicKey }] },
      'jwt.keys',
      /mixes secrets and key pairs/,
    ],
    [
      'CF-06',
      'in a list of algorithms',
      { secret, algorithms: ['HS256'] },
      'jwt.algorithms',
      /is no option: there are .*algorithm/,
    ],
  ];

  it.each([...secrets, ...kinds, ...algorithmsOf])(
    '%s stops the boot: %s',
    async (_id, _problem, jwt, option, mend) => {
      const error = await bootFailure(appOf({ jwt: { issuer, ...jwt } }));
      expectConfigError(
        error,
        option,
        mend,
        secretsOf([jwt['secret'], jwt['privateKey'], jwt['keys'], jwt['publicKey']]),
      );
    },
  );

  it.each([
    ['a secret of 32 bytes', { secret: secret.slice(0, 32) }],
    ['bytes', { secret: Buffer.from(secret) }],
    ['an oct JWK', { secret: { kty: 'oct', k: Buffer.from(secret).toString('base64url') } }],
    ['a ring', { keys: [key('new'), key('old', { key: `${secret}2` }), key(undefined, { key: `${secret}3` })] }],
    ['RSA', { algorithm: 'PS256', ...rsa }],
    ['a public key alone', { algorithm: 'RS256', publicKey: rsa.publicKey }],
    ['EC', { algorithm: 'ES256', privateKey: ec.privateKey }],
    ['Ed25519', { algorithm: 'EdDSA', privateKey: ed.privateKey }],
    ['a JWK', { algorithm: 'RS256', publicKey: { ...rsaJwk, use: 'sig', alg: 'RS256' } }],
    ['undefined beside it', { secret, privateKey: undefined, publicKey: undefined, keys: undefined }],
  ])('CF-01 CF-02 is good as %s', async (_name, jwt) => {
    expect(await bootFailure(appOf({ jwt: { issuer, ...jwt } }))).toBeUndefined();
  });
});

describe('other issuers', () => {
  const other = {
    issuer: 'https://id.example',
    jwksUri: 'https://id.example/jwks',
    audience: 'me',
    algorithms: ['RS256'],
  };
  it.each([
    ['CF-03', 'no algorithms', { algorithms: undefined }, '.algorithms', /for example \['RS256'\]/],
    ['CF-03', 'an empty list of algorithms', { algorithms: [] }, '.algorithms', /for example \['RS256'\]/],
    ['CF-03', 'none', { algorithms: ['RS256', 'none'] }, '.algorithms', /must be of HS256, /],
    ['CF-03', 'a shared secret', { algorithms: ['RS256', 'HS256'] }, '.algorithms', /must not share a secret/],
    ['CF-03', 'an algorithm that is no list', { algorithms: 'RS256' }, '.algorithms', /for example/],
    ['CF-05', 'no audience', { audience: undefined }, '.audience', /which audience/],
    ['CF-05', 'an empty audience', { audience: [] }, '.audience', /which audience/],
    ['CF-05', 'no issuer', { issuer: '' }, '.issuer', /missing/],
    ['CF-05', 'no key set', { jwksUri: undefined }, '', /give jwksUri, or discovery: true/],
    ['CF-05', 'two key sets', { discovery: true }, '', /give jwksUri, or discovery: true/],
    ['CF-05', 'plain http', { jwksUri: 'http://id.example/jwks' }, '.jwksUri', /https URL/],
    ['CF-05', 'no URL', { jwksUri: 'id.example/jwks' }, '.jwksUri', /https URL/],
    ['CF-05', 'a file', { jwksUri: 'file:///etc/passwd' }, '.jwksUri', /https URL/],
    ['CF-05', 'credentials', { jwksUri: 'https://user:hunter2@id.example/jwks' }, '.jwksUri', /without credentials/],
    [
      'CF-05',
      'discovery by plain http',
      { issuer: 'http://id.example', jwksUri: undefined, discovery: true },
      '.issuer',
      /https/,
    ],
    ['CF-06', 'a typo', { jwksURI: 'https://id.example/jwks' }, '.jwksURI', /is no option: there are issuer, jwksUri/],
  ] as const)('%s with %s stop the boot', async (_id, _problem, more, path, mend) => {
    const jwt = { issuer, secret, trustedIssuers: [{ ...other, ...more }] };
    expectConfigError(await bootFailure(appOf({ jwt })), `jwt.trustedIssuers[0]${path}`, mend, [secret, 'hunter2']);
  });

  it.each([
    ['are no list', other, 'jwt.trustedIssuers', /must be a list/],
    ['are a list of nothing', [null], 'jwt.trustedIssuers[0]', /\{ issuer, jwksUri, audience, algorithms \}/],
    ['name one twice', [other, { ...other, audience: 'you' }], 'jwt.trustedIssuers[1].issuer', /twice/],
    ['name our own', [{ ...other, issuer }], 'jwt.trustedIssuers[0].issuer', /jwt\.issuer/],
  ] as const)('CF-03 that %s stop the boot', async (_problem, trustedIssuers, option, mend) => {
    expectConfigError(await bootFailure(appOf({ jwt: { issuer, secret, trustedIssuers } })), option, mend, [secret]);
  });
});

describe('cookies', () => {
  const http = { publicUrl: 'http://127.0.0.1:3000' };
  it.each([
    ['no public URL', { jwt: { issuer: 'me' }, cookies: {} }, 'publicUrl', /missing: cookies need to know/],
    [
      'no public URL, by location',
      { jwt: { issuer: 'me' }, transport: { locations: ['cookie'] } },
      'publicUrl',
      /missing/,
    ],
    ['plain http', { publicUrl: 'http://api.example.com', cookies: {} }, 'publicUrl', /use https/],
    [
      'plain http that looks like loopback',
      { publicUrl: 'http://127.0.0.1.example.com', cookies: {} },
      'publicUrl',
      /use https/,
    ],
    ['plain http by the issuer', { jwt: { issuer: 'http://api.example.com' }, cookies: {} }, 'publicUrl', /use https/],
    [
      'SameSite=None without https',
      { ...http, cookies: { sameSite: 'none' } },
      'cookies.sameSite',
      /needs an https publicUrl/,
    ],
    ['another SameSite', { cookies: { sameSite: 'Lax' } }, 'cookies.sameSite', /'lax', 'strict' or 'none'/],
    ['SameSite switched off', { cookies: { sameSite: false } }, 'cookies.sameSite', /'lax', 'strict' or 'none'/],
    [
      '__Host- with a domain',
      { cookies: { domain: 'example.com', access: { name: '__Host-a' } } },
      'cookies.access.name',
      /forbids cookies.domain/,
    ],
    [
      '__host- with a domain',
      { cookies: { domain: 'example.com', access: { name: '__host-a' } } },
      'cookies.access.name',
      /forbids cookies.domain/,
    ],
    [
      '__Host- with a path',
      { cookies: { access: { name: '__Host-a', path: '/api' } } },
      'cookies.access.path',
      /needs the path '\/'/,
    ],
    [
      '__Host- below the refresh path',
      { cookies: { refresh: { name: '__Host-r' } } },
      'cookies.refresh.path',
      /needs the path '\/'/,
    ],
    [
      '__Secure- without https',
      { ...http, cookies: { access: { name: '__Secure-a' } } },
      'cookies.access.name',
      /needs an https publicUrl/,
    ],
    [
      '__Host- for the CSRF cookie with a domain',
      { cookies: { domain: 'example.com' }, csrf: { access: { cookieName: '__Host-c' } } },
      'csrf.access.cookieName',
      /forbids cookies.domain/,
    ],
    [
      'one name for two',
      { cookies: { access: { name: 'a' }, refresh: { name: 'a' } } },
      'cookies',
      /two cookies have one name/,
    ],
    [
      'one name for a token and its CSRF value',
      { cookies: { access: { name: 'a' } }, csrf: { access: { cookieName: 'a' } } },
      'cookies',
      /two cookies have one name/,
    ],
    ['a name with a semicolon', { cookies: { access: { name: 'a;b' } } }, 'cookies.access.name', /cookie name/],
    ['an empty name', { cookies: { access: { name: '' } } }, 'cookies.access.name', /cookie name/],
    [
      'a path with a semicolon',
      { cookies: { access: { path: '/;Domain=evil.example' } } },
      'cookies.access.path',
      /path such as/,
    ],
    ['a path without a slash', { cookies: { access: { path: 'api' } } }, 'cookies.access.path', /path such as/],
    ['a domain with a leading dot', { cookies: { domain: '.example.com' } }, 'cookies.domain', /without a leading dot/],
    ['a domain that is a URL', { cookies: { domain: 'https://example.com' } }, 'cookies.domain', /domain name/],
    [
      'sliding by a misspelt option',
      { cookies: { slidingRefresh: { within: '5m', absolute: '1h', absolut: '1h' } } },
      'cookies.slidingRefresh.absolut',
      /there are within, absolute/,
    ],
    [
      'sliding without an end',
      { cookies: { slidingRefresh: { within: '5m', absolute: 'never' } } },
      'cookies.slidingRefresh.absolute',
      /duration such as/,
    ],
    ['no public address', { publicUrl: null }, 'publicUrl', /public origin/],
    ['no stores', { stores: null }, 'stores', /must be memoryStores/],
    ['a fan-out that is none', { revocation: { fanOut: 'redis://:hunter2@h' } }, 'revocation.fanOut', /redisFanOut/],
    ['a fan-out of another shape', { revocation: { fanOut: { publish() {} } } }, 'revocation.fanOut', /redisFanOut/],
    ['no hooks', { hooks: null }, 'hooks', /object or a class/],
    ['sliding for ever', { cookies: { slidingRefresh: true } }, 'cookies.slidingRefresh.within', /duration such as/],
    [
      'sliding without an end',
      { cookies: { slidingRefresh: { within: '5m' } } },
      'cookies.slidingRefresh.absolute',
      /duration such as/,
    ],
    [
      'sliding never',
      { cookies: { slidingRefresh: { within: 0, absolute: '1h' } } },
      'cookies.slidingRefresh.within',
      /duration such as/,
    ],
    [
      'a trusted origin with a path',
      { cookies: {}, csrf: { trustedOrigins: ['https://app.example.com/'] } },
      'csrf.trustedOrigins',
      /origins such as/,
    ],
    [
      'every origin trusted',
      { cookies: {}, csrf: { trustedOrigins: ['*'] } },
      'csrf.trustedOrigins',
      /origins such as/,
    ],
    [
      'a null origin trusted',
      { cookies: {}, csrf: { trustedOrigins: ['null'] } },
      'csrf.trustedOrigins',
      /origins such as/,
    ],
    ['CSRF neither on nor off', { cookies: {}, csrf: { enabled: 'no' } }, 'csrf.enabled', /boolean/],
    ['CSRF methods in lower case', { cookies: {}, csrf: { methods: ['post'] } }, 'csrf.methods', /upper case/],
    [
      'CSRF by a header that is none',
      { cookies: {}, csrf: { access: { headerName: 'X CSRF' } } },
      'csrf.access.headerName',
      /header name/,
    ],
  ])('CF-04 with %s stop the boot', async (_problem, { jwt = {}, ...rest }: Anything, option, mend) => {
    expectConfigError(await bootFailure(appOf({ jwt: { issuer, secret, ...jwt }, ...rest })), option, mend, [secret]);
  });

  it.each([
    ['on https', { cookies: {} }],
    ['on http of this machine', { ...http, cookies: {} }],
    ['on http of localhost', { publicUrl: 'http://localhost:3000', cookies: {} }],
    ['on http of ::1', { publicUrl: 'http://[::1]:3000', cookies: {} }],
    ['with SameSite=None on https', { cookies: { sameSite: 'none' } }],
    [
      'with a prefix that holds',
      { cookies: { access: { name: '__Host-a' }, refresh: { name: '__Host-r', path: '/' } } },
    ],
    ['with __Secure- and a domain', { cookies: { domain: 'example.com', access: { name: '__Secure-a' } } }],
  ])('CF-04 are good %s', async (_name, options) => {
    expect(await bootFailure(appOf({ jwt: { issuer, secret }, ...options }))).toBeUndefined();
  });

  it('CF-04 without CSRF protection boot with a loud warning', async () => {
    const warnings: unknown[] = [];
    const nothing = () => {};
    const logger = { log: nothing, error: nothing, debug: nothing, warn: (text: unknown) => warnings.push(text) };
    const root = appOf({ jwt: { issuer, secret }, cookies: {}, csrf: { enabled: false } });
    const app = await NestFactory.create(root, { abortOnError: false, logger });
    await app.init();
    await app.close();
    expect(warnings).toEqual([expect.stringMatching(/csrf\.enabled is false beside cookies/)]);
  });
});

describe('stores that forget', () => {
  const environment = process.env['NODE_ENV'];
  afterEach(() => {
    process.env['NODE_ENV'] = environment;
  });

  it.each([
    ['production', {}, [expect.stringMatching(/memoryStores\(\) forgets revocations at a restart.*typeormStores\(\)/)]],
    ['production', { stores: memoryStores() }, [expect.stringMatching(/memoryStores/)]],
    ['production', { stores: { ...memoryStores(), durable: true } }, []],
    ['production', { stores: noStores() }, []],
    ['development', {}, []],
  ])('CF-09 warn in production only: %s with %j', async (name, options, expected) => {
    process.env['NODE_ENV'] = name;
    const warnings: unknown[] = [];
    const nothing = () => {};
    const logger = { log: nothing, error: nothing, debug: nothing, warn: (text: unknown) => warnings.push(text) };
    const root = appOf({ jwt: { issuer, secret }, ...options });
    const app = await NestFactory.create(root, { abortOnError: false, logger });
    await app.init();
    await app.close();
    expect(warnings).toEqual(expected);
  });
});

describe('a duration', () => {
  const lifetimes = ['jwt.accessTokenLifetime', 'jwt.refreshTokenLifetime'] as const;
  const noLifetime = [
    0,
    -1,
    -0.5,
    1.5,
    Number.NaN,
    Infinity,
    '0',
    '15',
    '0s',
    '-15m',
    '15 m',
    '15min',
    '1w',
    '1.5h',
    '',
  ];
  it.each([
    ...lifetimes.flatMap((option) =>
      [...noLifetime, null, true, {}, [], 'Never', 400 * 86_400 + 1, '401d', 2_592_000_000, 1e15].map((value) => [
        option,
        value,
      ]),
    ),
    ...[-1, 61, '2m', 1.5, Number.NaN, 5_000, 'never', '5', null].map((value) => ['jwt.clockTolerance', value]),
    ...[-1, 61, 10_000, Number.NaN, 'never', null].map((value) => ['session.reuseLeeway', value]),
    ...[0, -1, 61, 1_000, 'never', Number.NaN].map((value) => ['revocation.poll', value]),
    ...[0, -1, 3_601, 5e6, 'never', Number.NaN].map((value) => ['revocation.maxStaleness', value]),
  ])('CF-05 of %s that is %j stops the boot', async (option, value) => {
    const [slice, name] = (option as string).split('.') as ['jwt' | 'session' | 'revocation', string];
    const options: Anything = { jwt: { issuer, secret } };
    options[slice] = { ...options[slice], [name]: value };
    expectConfigError(
      await bootFailure(appOf(options)),
      option as string,
      /whole seconds or a text such as '15m', from \d+ to \d+ seconds/,
    );
  });

  it.each([
    [
      'jwt.refreshTokenLifetime',
      { jwt: { accessTokenLifetime: '2h', refreshTokenLifetime: '1h' } },
      /shorter than jwt.accessTokenLifetime/,
    ],
    ['jwt.refreshTokenLifetime', { jwt: { accessTokenLifetime: 'never' } }, /shorter than jwt.accessTokenLifetime/],
    ['jwt.refreshTokenLifetime', { jwt: { refreshTokenLifetime: 899 } }, /shorter than jwt.accessTokenLifetime/],
    ['revocation.maxStaleness', { revocation: { poll: 5 } }, /longer than revocation.poll/],
    ['revocation.maxStaleness', { revocation: { maxStaleness: 1 } }, /longer than revocation.poll/],
  ])(
    'CF-05 of %s that contradicts another stops the boot: %j',
    async (option, { jwt = {}, ...rest }: Anything, mend) => {
      expectConfigError(await bootFailure(appOf({ jwt: { issuer, secret, ...jwt }, ...rest })), option, mend);
    },
  );

  it.each([
    { accessTokenLifetime: 1, refreshTokenLifetime: 1 },
    { accessTokenLifetime: '400d', refreshTokenLifetime: 400 * 86_400 },
    { accessTokenLifetime: 'never', refreshTokenLifetime: 'never' },
    { clockTolerance: 0 },
    { clockTolerance: '60s' },
  ])('CF-05 at its bounds is good: %j', async (jwt) => {
    expect(await bootFailure(appOf({ jwt: { issuer, secret, ...jwt } }))).toBeUndefined();
  });
});

describe('an option', () => {
  it.each([
    ['publicURL', { publicURL: issuer }, /there are publicUrl, jwt, transport/],
    ['Jwt', { Jwt: {} }, /is no option/],
    ['globalgard', { globalgard: true }, /is no option/],
    ['__proto', { __proto: {} }, /is no option/],
    ['jwt.isuer', { jwt: { isuer: 'x' } }, /there are issuer, audience/],
    ['jwt.accessTokenLifeTime', { jwt: { accessTokenLifeTime: '1h' } }, /there are .*accessTokenLifetime/],
    ['jwt.constructor', { jwt: { constructor: 1 } }, /is no option/],
    ['transport.location', { transport: { location: ['header'] } }, /there are locations, header/],
    ['transport.header.schema', { transport: { header: { schema: 'JWT' } } }, /there are name, scheme, list/],
    ['transport.query.key', { transport: { query: { key: 'x' } } }, /there are name, prefix/],
    ['transport.body.field', { transport: { body: { field: 'x' } } }, /there are accessField, refreshField/],
    ['cookies.secure', { cookies: { secure: false } }, /is no option/],
    ['cookies.access.httpOnly', { cookies: { access: { httpOnly: false } } }, /there are name, path/],
    ['csrf.enable', { csrf: { enable: true } }, /there are enabled/],
    ['csrf.refresh.header', { csrf: { refresh: { header: 'x' } } }, /there are cookieName/],
    ['session.leeway', { session: { leeway: 5 } }, /there are basePath, transfer, /],
    ['revocation.interval', { revocation: { interval: 5 } }, /there are poll/],
    ['errors.handler', { errors: { handler: {} } }, /there are messageKey/],
    ['errors.status.tokenWrong', { errors: { status: { tokenWrong: 422 } } }, /there are tokenMissing/],
    [
      'errors.handlers.token_expired',
      { errors: { handlers: { token_expired: () => ({}) } } },
      /there are tokenMissing/,
    ],
    ['guard.exempt', { guard: { exempt: ['OPTIONS'] } }, /there are exemptMethods, realm/],
    ['hooks.loaduser', { hooks: { loaduser: () => ({}) } }, /there are .*loadUser/],
  ])('CF-06 whose name is a typo stops the boot: %s', async (option, { jwt = {}, ...rest }: Anything, mend) => {
    expectConfigError(await bootFailure(appOf({ jwt: { issuer, secret, ...jwt }, ...rest })), option, mend, [secret]);
  });

  const values: Record<string, readonly unknown[]> = {
    'jwt.issuer': [undefined, '', null, 5, {}, ['x']],
    'jwt.audience': ['', [], [''], 5, {}, [5]],
    'jwt.notBefore': ['yes', 1, null],
    'jwt.acceptAnyAudience': ['true', 1, null],
    'jwt.requireStringSubject': ['no', 0, null],
    'jwt.scopeFormat': ['text', true, null],
    'jwt.subjectClaim': ['', 'exp', 'scope', 'jti', 5, null],
    'jwt.typeClaim': ['', 'sub', 'aud', 'sid', 5, null],
    'transport.locations': [[], 'header', ['headers'], ['header', 'header'], ['Cookie'], [null], null],
    'transport.header.name': ['', 'A B', 'A:', 'é', 5, null],
    'transport.header.scheme': ['', 'Bearer ', 'A B', 5],
    'transport.header.list': ['yes', null],
    'transport.query.name': ['', 5],
    'transport.query.prefix': [5, null],
    'transport.body.accessField': ['', 5],
    'session.basePath': ['auth', '/auth/', '', '/a b', '/:x', 5, null],
    'errors.messageKey': ['', 5, null],
    'errors.status.tokenInvalid': [200, 399, 600, '401', 401.5, null],
    'errors.handlers.tokenInvalid': [true, 'x', {}, null],
    'errors.status': [null, 'x', 5, [401]],
    'errors.handlers': [null, 'x', 5],
    'guard.exemptMethods': ['OPTIONS', ['options'], [''], null, [5]],
    'guard.realm': ['a"b', 'é', '\n', '', 5],
    'cookies.persistent': ['yes', null],
    publicUrl: [
      '',
      'api.example.com',
      'ftp://x',
      'javascript:alert(1)',
      'https://x/path',
      'https://x/?a',
      'https://u:hunter2@x',
      5,
      {},
    ],
    stores: [5, {}, 'memory'],
    hooks: [5, 'x', true],
    'hooks.verify': [true, 'x', {}],
    'hooks.isRevoked': [true, null],
  };
  const lines = Object.entries(values).flatMap(([option, list]) => list.map((value) => [option, value] as const));
  it.each(lines)('CF-05 %s that is %j stops the boot', async (option, value) => {
    const options: Anything = { jwt: { issuer, secret } };
    const names = option.split('.');
    const last = names.pop()!;
    let slice = options;
    for (const name of names) slice = slice[name] ??= {};
    slice[last] = value;
    const error = await bootFailure(appOf(options));
    // a list or text where names are wanted is told by its first member
    const named = (error as AuthConfigError | undefined)?.option ?? '';
    expectConfigError(error, named.startsWith(`${option}.0`) ? `${option}.0` : option, /: .{8,}/, [secret, 'hunter2']);
  });

  it.each([
    'jwt',
    'transport',
    'cookies',
    'csrf',
    'session',
    'revocation',
    'errors',
    'guard',
    'transport.header',
    'csrf.access',
  ])('CF-05 that is a slice must be an object: %s', async (option) => {
    for (const value of ['x', 5, null, [], true]) {
      const options: Anything = { jwt: { issuer, secret } };
      const [slice, name] = option.split('.') as [string, string?];
      options[slice] = name === undefined ? value : { [name]: value };
      expectConfigError(await bootFailure(appOf(options)), option, /must be an object/);
    }
  });

  it.each([undefined, null, 5, 'x', {}, { jwt: undefined }])('CF-05 given as %j stops the boot', async (options) => {
    // an application without any option is told of the first that it needs
    const isObject = typeof options === 'object' && options !== null;
    const [option, mend] = isObject
      ? (['jwt.issuer', /public URL/] as const)
      : (['forRoot()', /takes an object/] as const);
    expectConfigError(await bootFailureOf(() => appOf(options)), option, mend);
  });

  it.each([
    ['globalGuard', 'true'],
    ['globalGuard', 1],
    ['isGlobal', 'yes'],
    ['controllers', 'auth'],
    ['controllers', { basePath: 'auth' }],
    ['controllers', { basePath: '/auth/' }],
  ])('CF-05 beside the slices stops the boot: %s %j', async (name, value) => {
    const options = { jwt: { issuer, secret }, [name]: value };
    const error = await bootFailureOf(() => appOf(options));
    expect(error).toBeInstanceOf(AuthConfigError);
    expect((error as AuthConfigError).option).toMatch(new RegExp(`^${name}`));
  });
});

/** What stops the boot, be it while the modules are defined or while they are started. */
async function bootFailureOf(define: () => Type, adapter: (typeof adapters)[number] = 'express'): Promise<unknown> {
  let root: Type;
  try {
    root = define();
  } catch (error) {
    return error;
  }
  return bootFailure(root, adapter);
}

/** An application with one route that asks for this. */
function appWithRoute(options: unknown, module: Anything = {}, path = 'thing/:id'): Type {
  @Controller()
  class ThingController {
    @RequireToken(options as RequireTokenOptions)
    @Get(path)
    thing() {
      return {};
    }
  }
  return appOf({ jwt: { issuer, secret }, ...module }, [ThingController]);
}

describe('@RequireToken()', () => {
  const bad: Record<string, readonly unknown[]> = {
    freshh: [true],
    scopes: ['read'],
    role: ['admin'],
    Scope: ['read'],
    type: ['', 5, null, undefined, ['access'], {}],
    locations: [[], 'header', ['headers'], [null], ['header', 'header'], null, undefined, {}],
    cookie: ['', 5, null, undefined],
    optional: ['yes', 1, null, undefined, 'Lenient'],
    fresh: [0, '0s', -1, 'yes', '5', '5 m', Number.NaN, 1.5, null, undefined, {}, 'never'],
    scope: [
      '',
      ' ',
      ' read',
      'read ',
      'a  b',
      'a"b',
      'a\\b',
      'a\tb',
      [],
      [''],
      ['a b'],
      [5],
      {},
      5,
      true,
      null,
      undefined,
      () => 1,
      param('id'),
      anyOf('a'),
    ],
    claims: [{}, [], ['a'], null, undefined, 5, 'plan', true, param('id'), anyOf('a')],
    sub: [undefined, {}, [], anyOf(), () => 'x', Symbol('x'), 1n, Number.NaN],
    override: [
      {},
      [],
      [{}],
      [null],
      null,
      undefined,
      true,
      'admin',
      ['admin'],
      param('id'),
      [[]],
      [{ admin: true }, {}],
    ],
    audience: ['', [], [''], 5, null, undefined, [5], {}],
    issuer: ['', 5, null, undefined, [issuer]],
    revocation: ['mirror', 1, 0, null, undefined, 'Store'],
    csrf: ['no', 0, null, undefined],
    allowExpired: ['yes', 1, null, undefined],
    verify: [true, 'x', {}, null, undefined],
  };
  const lines = Object.entries(bad).flatMap(([name, list]) =>
    list.map((value) => [name, inspect(value), value] as const),
  );
  it.each(lines)('CF-05 CF-06 with %s: %s stops the boot', async (name, _text, value) => {
    const error = await bootFailureOf(() => appWithRoute({ [name]: value }));
    expectConfigError(error, `@RequireToken({ ${name} })`, /: .{8,}/);
  });

  it.each([
    ['sub.0', { sub: [[]] }],
    ['sub.a', { sub: { a: {} } }],
    ['override.scope', { override: { scope: '' } }],
    ['override.scope', { override: { scope: ' ' } }],
    ['override.scope', { override: { scope: [5] } }],
    ['override.scope', { override: [{ scope: [anyOf('a')] }] }],
    ['claims.scope', { claims: { scope: '' } }],
    ['claims.plan', { claims: { plan: undefined } }],
    ['claims.plan', { claims: { plan: {} } }],
    ['claims.plan', { claims: { plan: [] } }],
    ['claims.plan', { claims: { plan: anyOf() } }],
    ['claims.plan', { claims: { plan: () => true } }],
    ['claims.plan', { claims: { plan: Number.NaN } }],
    ['claims.a.b', { claims: { a: { b: {} } } }],
    ['claims.a.1', { claims: { a: ['x', undefined] } }],
    ['override.admin', { override: { admin: undefined } }],
    ['override.admin', { override: [{ role: 'x' }, { admin: {} }] }],
    ['scope.admin', { scope: { admin: false } }],
    ['scope.admin', { scope: { admin: undefined } }],
    ['scope.a.b', { scope: { a: { b: {} } } }],
  ])('CF-06 names the member %s', async (path, options) => {
    expectConfigError(await bootFailureOf(() => appWithRoute(options)), `@RequireToken({ ${path} })`, /: .{8,}/);
  });

  it.each([null, 'access', 5, true, [], ['admin']])('CF-05 takes an object, not %j', async (options) => {
    expect(await bootFailureOf(() => appWithRoute(options))).toBeInstanceOf(AuthConfigError);
  });

  it('CF-05 with an override of nothing stops the boot', async () => {
    const error = await bootFailureOf(() => appWithRoute({ override: { admin: true } }));
    expectConfigError(error, '@RequireToken({ override })', /write `claims`/);
  });

  it('CF-05 with sub twice stops the boot', async () => {
    const error = await bootFailureOf(() => appWithRoute({ sub: param('id'), claims: { sub: 'bob' } }));
    expectConfigError(error, '@RequireToken({ sub })', /keep one/);
  });

  it.each([
    ['a parameter that the path lacks', { sub: param('username') }, {}, /param\('username'\).*has no :username/],
    ['a parameter in an override', { sub: param('id'), override: { team: param('team') } }, {}, /has no :team/],
    ['a parameter deep in claims', { claims: { a: [{ b: anyOf('x', param('nope')) }] } }, {}, /has no :nope/],
    ['a part of a parameter', { sub: param('i') }, {}, /has no :i$/],
    ['an issuer that nobody trusts', { issuer: 'https://other.example' }, {}, /add it to jwt.trustedIssuers/],
    ['a store that is not there', { revocation: 'store' }, { stores: noStores() }, /noStores\(\)/],
    ['cookies that are never set', { locations: ['header', 'cookie'] }, {}, /set `cookies: \{\}`/],
    ['a cookie that is never set', { cookie: 'mine' }, {}, /set `cookies: \{\}`/],
  ])('CF-05 that wants %s stops the boot', async (_problem, options, module, mend) => {
    const error = await bootFailureOf(() => appWithRoute(options, module));
    expectConfigError(error, 'ThingController.thing', mend, [secret]);
  });

  it.each([
    ['a parameter', { sub: param('id') }, {}],
    ['a query parameter and a body member', { claims: { a: query('nowhere'), b: body('nowhere') } }, {}],
    ['its own issuer', { issuer }, {}],
    ['the store', { revocation: 'store' }, {}],
    ['a cookie', { locations: ['cookie'], cookie: 'mine' }, { cookies: {} }],
    ['null, false and numbers', { claims: { a: null, b: false, c: 0, d: [1, { e: '' }] } }, {}],
    ['everything off', { optional: false, fresh: false, revocation: false, csrf: false, allowExpired: false }, {}],
  ])('CF-05 that wants %s boots', async (_name, options, module) => {
    expect(await bootFailureOf(() => appWithRoute(options, module))).toBeUndefined();
  });
});

describe('a handler', () => {
  @Controller()
  class OpenController {
    @Get('open')
    open(@CurrentToken() token: unknown) {
      return token;
    }
  }
  @Public()
  @Controller()
  class PublicController {
    @Get('public')
    public(@CurrentToken('sub') sub: unknown) {
      return sub;
    }
  }
  @Controller()
  class UserController {
    @RequireToken()
    @Get('user')
    user(@CurrentUser() user: unknown) {
      return user;
    }
  }

  it.each([
    ['a token that no guard fills', OpenController, {}, 'OpenController.open', /has no @RequireToken\(\)/],
    ['a token on a public route', PublicController, {}, 'PublicController.public', /has no @RequireToken\(\)/],
    [
      'a token on a public route below a global guard',
      PublicController,
      { globalGuard: true },
      'PublicController.public',
      /@RequireToken/,
    ],
    ['a user that nobody loads', UserController, {}, 'UserController.user', /write hooks.loadUser/],
  ] as const)('CF-05 that wants %s stops the boot', async (_problem, controller, module, option, mend) => {
    expectConfigError(await bootFailure(appOf({ jwt: { issuer, secret }, ...module }, [controller])), option, mend);
  });

  it('CF-05 that wants a token below a global guard boots', async () => {
    expect(await bootFailure(appOf({ jwt: { issuer, secret }, globalGuard: true }, [OpenController]))).toBeUndefined();
  });
});

describe.each(adapters)('the module on %s', (adapter) => {
  @Controller()
  class GuardedController {
    @RequireToken()
    @Get('guarded')
    guarded() {
      return {};
    }
  }

  it('CF-07 that is never configured stops the boot of every guarded route', async () => {
    @Module({ controllers: [GuardedController] })
    class WithoutAuthModule {}
    const error = await bootFailure(WithoutAuthModule, adapter);
    expect(String(error)).toMatch(/RequireTokenGuard/);
  });

  it('CF-07 imported without forRoot() stops the boot', async () => {
    @Module({ imports: [AuthModule], controllers: [GuardedController] })
    class WithBareModule {}
    expect(await bootFailure(WithBareModule, adapter)).toBeInstanceOf(Error);
  });

  it('CF-07 that is not global guards only where it is imported', async () => {
    @Module({ controllers: [GuardedController] })
    class FeatureModule {}
    @Module({ imports: [AuthModule.forRoot({ jwt: { issuer, secret }, isGlobal: false }), FeatureModule] })
    class RootModule {}
    expect(String(await bootFailure(RootModule, adapter))).toMatch(/RequireTokenGuard/);
  });

  it('CF-07 configured twice stops the boot', async () => {
    @Module({ imports: [AuthModule.forRoot({ jwt: { issuer, secret: `${secret}2` } })] })
    class FeatureModule {}
    @Module({ imports: [AuthModule.forRoot({ jwt: { issuer, secret } }), FeatureModule] })
    class RootModule {}
    expectConfigError(await bootFailure(RootModule, adapter), 'AuthModule', /configured twice: call forRoot\(\) once/, [
      secret,
    ]);
  });

  it('CF-07 configured once and imported twice boots', async () => {
    const auth = AuthModule.forRoot({ jwt: { issuer, secret } });
    @Module({ imports: [auth], controllers: [GuardedController] })
    class FeatureModule {}
    @Module({ imports: [auth, FeatureModule] })
    class RootModule {}
    expect(await bootFailure(RootModule, adapter)).toBeUndefined();
  });

  it('CF-01 CF-06 is checked as strictly when it is configured by a factory', async () => {
    const root = (useFactory: () => unknown) => {
      @Module({ imports: [AuthModule.forRootAsync({ useFactory: useFactory as () => AuthModuleOptions })] })
      class AsyncModule {}
      return bootFailure(AsyncModule, adapter);
    };
    expectConfigError(await root(() => ({ jwt: { issuer, secret: 'short-but-secret' } })), 'jwt.secret', /shorter/, [
      'short-but',
    ]);
    expectConfigError(await root(async () => ({ jwt: { issuer, secret }, jwtt: {} })), 'jwtt', /is no option/, [
      secret,
    ]);
    expectConfigError(await root(() => undefined), 'forRoot()', /takes an object/);
    expect(await root(() => Promise.reject(new Error('no configuration')))).toMatchObject({
      message: 'no configuration',
    });
    expect(await root(async () => ({ jwt: { issuer, secret } }))).toBeUndefined();
  });

  describe('by forRootAsync()', () => {
    const good: AuthModuleOptions = { jwt: { issuer, secret } };
    @Injectable()
    class Configuration {
      readonly options = good;
    }
    @Injectable()
    class Factory implements AuthOptionsFactory {
      constructor(@Inject(Configuration) private readonly configuration: Configuration) {}

      async createAuthOptions() {
        return this.configuration.options;
      }
    }
    @Module({ providers: [Configuration, Factory], exports: [Configuration, Factory] })
    class ConfigurationModule {}
    const imports = [ConfigurationModule];
    const bootOf = (options: AuthModuleAsyncOptions) => {
      @Module({ imports: [AuthModule.forRootAsync(options)], controllers: [GuardedController] })
      class AsyncModule {}
      return bootFailure(AsyncModule, adapter);
    };

    it.each<[string, AuthModuleAsyncOptions]>([
      ['a function', { useFactory: () => good }],
      ['what it injects', { imports, inject: [Configuration], useFactory: ({ options }: Configuration) => options }],
      ['a class that it makes', { imports, useClass: Factory }],
      ['a class that is there', { imports, useExisting: Factory }],
    ])('CF-07 takes %s', async (_what, options) => {
      expect(await bootOf({ globalGuard: true, ...options })).toBeUndefined();
    });

    it.each<[string, object | undefined, string, RegExp]>([
      ['nothing', undefined, 'forRootAsync()', /takes an object/],
      ['no factory', { imports }, 'forRootAsync()', /takes one of useFactory, useClass, useExisting/],
      ['two factories', { useFactory: () => good, useClass: Factory }, 'useClass', /stands beside useFactory/],
      ['options for a factory', { useFactory: good }, 'useFactory', /must be a function/],
      ['an object for a class', { useClass: new Factory({ options: good }) }, 'useClass', /must be a class/],
      ['a class of something else', { useClass: Configuration }, 'useClass', /with a method createAuthOptions/],
      ['options beside the factory', { useFactory: () => good, session: {} }, 'session', /in what the factory gives/],
      ['a typo', { useFactory: () => good, globalGard: true }, 'globalGard', /is no option/],
      ['a text for a switch', { useFactory: () => good, globalGuard: 'true' }, 'globalGuard', /true or false/],
    ])('CF-06 refuses %s', async (_what, options, option, problem) => {
      expect(() => AuthModule.forRootAsync(options as never)).toThrow(
        expect.objectContaining({ name: 'AuthConfigError', option, message: expect.stringMatching(problem) }),
      );
    });

    it.each(['isGlobal', 'globalGuard', 'controllers', 'imports'])('CF-06 refuses %s of a factory', async (name) => {
      const useFactory = () => ({ ...good, [name]: true });
      expectConfigError(await bootOf({ useFactory }), name, /write it beside useFactory/, [secret]);
    });
  });

  it('CC-09 refuses another path for the routes than they were made with', async () => {
    const bootOf = (made: AuthModuleExtras, basePath?: string) => {
      const useFactory = () => ({ jwt: { issuer, secret }, session: { basePath } });
      @Module({ imports: [AuthModule.forRootAsync({ ...made, useFactory })] })
      class AsyncModule {}
      return bootFailure(AsyncModule, adapter);
    };
    const mend = /controllers: \{ basePath \}/;
    expectConfigError(await bootOf({}, '/account'), 'session.basePath', mend);
    expectConfigError(await bootOf({ controllers: { basePath: '/account' } }, '/auth'), 'session.basePath', mend);
    expect(await bootOf({ controllers: { basePath: '/account' } }, '/account')).toBeUndefined();
    expect(await bootOf({ controllers: { basePath: '/account' } })).toBeUndefined();
    // where the application makes the routes, the factory knows best
    expect(await bootOf({ controllers: false }, '/account')).toBeUndefined();
    const both = rootModule({
      options: { session: { basePath: '/auth' } },
      extras: { controllers: { basePath: '/account' } },
    });
    expectConfigError(await bootFailure(both, adapter), 'session.basePath', mend);
  });

  it('CF-01 prints no secret with its checked options', async () => {
    const api = new Api(adapter, {
      options: { jwt: { secret: undefined, keys: [{ kid: 'a', algorithm: 'HS256', key: secret }] } },
    });
    await api.start();
    const settings: unknown = api.app.get(AUTH_SETTINGS);
    const printed = `${inspect(settings, { depth: 20, showHidden: true })}${JSON.stringify(settings)}${String(settings)}`;
    await api.stop();
    expect(printed).toContain(issuer);
    for (const spelling of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      expect(printed).not.toContain(Buffer.from(secret).toString(spelling));
    }
  });

  it('CF-07 with good options boots', async () => {
    expect(await bootFailure(rootModule({}), adapter)).toBeUndefined();
  });
});
