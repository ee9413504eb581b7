import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { SystemClock } from '../../auth.clock.js';
import { AuthConfigError, AuthError } from '../../auth.errors.js';
import { toProvider } from '../provider.js';
import { oauth1Provider } from '../providers/oauth1-provider.js';
import type { OAuth1Provider } from './oauth1-provider.js';

const consumerSecret = 'the canary of the client';
const good = {
  requestTokenEndpoint: 'https://a.example/request',
  authorizationEndpoint: 'https://a.example/authorize',
  accessTokenEndpoint: 'https://a.example/access',
  userinfoEndpoint: 'https://a.example/me',
  consumerKey: 'app',
};
const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const { privateKey, publicKey } = rsa(2048);
const pemOf = (key: typeof privateKey) => key.export({ type: 'pkcs8', format: 'pem' }) as string;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const checked = (options: object) =>
  toProvider(
    'p',
    oauth1Provider('old', { ...good, consumerSecret, ...options } as never),
    'https://app.example',
    new SystemClock(),
  ) as OAuth1Provider;
const byKey = { consumerSecret: undefined, privateKey: pemOf(privateKey) };
const plaintext = { signatureMethod: 'PLAINTEXT', allowInsecureLoopback: true };

describe('oauth1Provider()', () => {
  it.each<[string, object, string, RegExp]>([
    ['no requestTokenEndpoint', { requestTokenEndpoint: undefined }, 'requestTokenEndpoint', /./],
    ['no authorizationEndpoint', { authorizationEndpoint: '' }, 'authorizationEndpoint', /./],
    ['no accessTokenEndpoint', { accessTokenEndpoint: undefined }, 'accessTokenEndpoint', /./],
    ['no userinfoEndpoint', { userinfoEndpoint: undefined }, 'userinfoEndpoint', /./],
    ['plain http', { accessTokenEndpoint: 'http://a.example/' }, 'accessTokenEndpoint', /is not https/],
    [
      'plain http on loopback',
      { userinfoEndpoint: 'http://127.0.0.1/' },
      'userinfoEndpoint',
      /set allowInsecureLoopback/,
    ],
    ['plain http for its API', { apiBaseUrl: 'http://a.example/' }, 'apiBaseUrl', /is not https/],
    ['a path', { requestTokenEndpoint: '/request' }, 'requestTokenEndpoint', /must be a URL/],
    ['a script', { authorizationEndpoint: 'javascript:alert(1)' }, 'authorizationEndpoint', /is not https/],
    [
      'a parameter of ours',
      { userinfoEndpoint: 'https://a.example/?oauth_token=x' },
      'userinfoEndpoint',
      /oauth_token/,
    ],
    ['no consumerKey', { consumerKey: undefined }, 'consumerKey', /./],
    ['an empty consumerKey', { consumerKey: '' }, 'consumerKey', /./],
    ['no secret', { consumerSecret: undefined }, 'consumerSecret', /is missing: HMAC-SHA1 needs/],
    ['an empty secret', { consumerSecret: '' }, 'consumerSecret', /./],
    ['no secret for PLAINTEXT', { ...plaintext, consumerSecret: undefined }, 'consumerSecret', /is missing: PLAINTEXT/],
    ['another method', { signatureMethod: 'HMAC-MD5' }, 'signatureMethod', /must be one of HMAC-SHA1, /],
    ['another type', { signatureType: 'cookie' }, 'signatureType', /must be 'header', 'query' or 'body'/],
    ['RSA without a key', { signatureMethod: 'RSA-SHA1', consumerSecret: undefined }, 'privateKey', /is missing/],
    ['RSA with an empty key', { ...byKey, privateKey: '' }, 'privateKey', /is missing/],
    ['RSA with a secret', { ...byKey, consumerSecret }, 'consumerSecret', /is not used by RSA-SHA1/],
    ['HMAC with a key', { privateKey: pemOf(privateKey), signatureMethod: 'HMAC-SHA1' }, 'privateKey', /is not used/],
    ['a public key', { ...byKey, privateKey: publicKey }, 'privateKey', /must be a private RSA key/],
    [
      'a public key as PEM',
      { ...byKey, privateKey: publicKey.export({ type: 'spki', format: 'pem' }) },
      'privateKey',
      /cannot be read/,
    ],
    ['a key of a curve', { ...byKey, privateKey: pemOf(ec) }, 'privateKey', /must be a private RSA key/],
    ['a short key', { ...byKey, privateKey: pemOf(rsa(1024).privateKey) }, 'privateKey', /at least 2048 bits/],
    ['a key that is none', { ...byKey, privateKey: '-----BEGIN canary' }, 'privateKey', /cannot be read/],
    ['a file that is none', { ...byKey, privateKey: '/nowhere/canary.pem' }, 'privateKey', /cannot be read/],
    ['a number for a key', { ...byKey, privateKey: 5 }, 'privateKey', /cannot be read/],
    ['a list of paths', { identity: ['id'] }, 'identity', /object of texts/],
    ['a typo in identity', { identity: { sub: 'id' } }, 'identity.sub', /is no option/],
    ['a word for an issuer', { issuer: 'none' }, 'issuer', /must be the issuer's URL/],
    [
      'a parameter that the log-in writes',
      { authorizationParams: { oauth_callback: 'x' } },
      'authorizationParams.oauth_callback',
      /is reserved/,
    ],
    ['a number for a parameter', { authorizationParams: { a: 5 } }, 'authorizationParams.a', /must be a text/],
    ['a redirectUri elsewhere', { redirectUri: 'https://b.example/' }, 'redirectUri', /must be a URL of publicUrl/],
    ['an option of OAuth 2', { scope: ['a'] }, 'scope', /is no option/],
    ['a word for emailTrust', { emailTrust: 'yes' }, 'emailTrust', /must be/],
  ])('O64 is refused with %s', (_what, options, option, problem) => {
    expectRefused(options, option, problem);
  });

  it.each<[string, object, string]>([
    ['its request token endpoint', { requestTokenEndpoint: 'http://127.0.0.1/request' }, 'requestTokenEndpoint'],
    ['its authorization endpoint', { authorizationEndpoint: 'http://127.0.0.1/authorize' }, 'authorizationEndpoint'],
    ['its access token endpoint', { accessTokenEndpoint: 'http://localhost/access' }, 'accessTokenEndpoint'],
    ['its userinfo endpoint', { userinfoEndpoint: 'http://[::1]/me' }, 'userinfoEndpoint'],
    ['its API', { apiBaseUrl: 'http://127.0.0.1/api/' }, 'apiBaseUrl'],
    ['another API', { apiOrigins: ['https://a.example', 'http://127.0.0.1'] }, 'apiOrigins'],
  ])('OC-15 refuses PLAINTEXT with plain http at %s, on loopback too', (_what, options, option) => {
    expectRefused({ ...plaintext, ...options }, option, /PLAINTEXT sends the secrets, and wants https/);
    expect(() => checked({ ...options, allowInsecureLoopback: true })).not.toThrow();
  });

  it.each(['query', 'body'])('OC-15 refuses PLAINTEXT in the %s', (signatureType) => {
    expectRefused({ ...plaintext, signatureType }, 'signatureType', /must be 'header' for PLAINTEXT/);
    expect(checked({ ...plaintext, signatureType: 'header' })).toMatchObject({ signatureMethod: 'PLAINTEXT' });
  });

  it('O64 is refused with PLAINTEXT and an API that is no URL', () => {
    expectRefused({ ...plaintext, apiBaseUrl: 'api' }, 'apiBaseUrl', /must be a URL/);
  });

  it.each<[string, object, object]>([
    ['a secret', {}, { signatureMethod: 'HMAC-SHA1', signatureType: 'header', issuer: 'https://a.example/authorize' }],
    ['a key as PEM', byKey, { signatureMethod: 'RSA-SHA1' }],
    ['a key as KeyObject', { ...byKey, privateKey }, { signatureMethod: 'RSA-SHA1' }],
    ['an issuer', { issuer: 'https://a.example' }, { issuer: 'https://a.example' }],
  ])('O64 takes one with %s', (_what, options, expected) => {
    expect(checked(options)).toMatchObject({ kind: 'oauth1', name: 'old', ...expected });
  });

  it('shows no secret to whoever prints it', () => {
    const printed = [checked({}), checked(byKey), checked({ ...plaintext })].map((one) =>
      inspect(one, { depth: 9, showHidden: true }),
    );
    for (const text of printed)
      for (const hidden of [consumerSecret, pemOf(privateKey).split('\n')[1]!]) expect(text).not.toContain(hidden);
  });

  it('O58 signs requests to its API with both secrets', () => {
    const { authorize } = checked(plaintext);
    const request = { method: 'GET', url: 'https://a.example/api', headers: new Headers({ accept: 'text/plain' }) };
    const { headers } = authorize(request, { accessToken: 'a token', tokenSecret: 'its secret' });
    expect(headers.get('authorization')).toMatch(
      /oauth_token="a%20token".*"the%2520canary%2520of%2520the%2520client%26its%2520secret"$/,
    );
    expect(headers.get('accept')).toBe('text/plain');
  });

  it.each([undefined, ''])('OC-14 signs nothing with the token secret %j', (tokenSecret) => {
    const request = { method: 'GET', url: 'https://a.example/api', headers: new Headers() };
    expect(() => checked({}).authorize(request, { accessToken: 'a', tokenSecret })).toThrow(AuthError);
  });
});

function expectRefused(options: object, option: string, problem: RegExp): void {
  let refusal: unknown;
  try {
    checked(options);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(AuthConfigError);
  expect(refusal).toMatchObject({ option: `p.${option}`, message: expect.stringMatching(problem) });
  expect(inspect(refusal, { depth: 9, showHidden: true })).not.toMatch(/canary|BEGIN/);
}
