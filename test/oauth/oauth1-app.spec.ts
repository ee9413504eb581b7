import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createApp } from '../../src/app.js';
import { EnvironmentError, readEnvironment } from '../../src/environment.js';
import { adapters } from '../e2e/fixture.js';
import { Browser } from './browser.js';
import { describeWithOAuthlib, OAuthlibProvider } from './oauth1-provider.js';
import { freePort } from './real-provider.js';

jest.setTimeout(60_000);

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const provider = new OAuthlibProvider();
let folder: string;
let port: number;
let origin: string;

beforeAll(async () => {
  Logger.overrideLogger(false);
  folder = mkdtempSync(join(tmpdir(), 'latchkey-oauth1-app-'));
  port = await freePort();
  origin = `http://127.0.0.1:${port}`;
});
afterAll(() => rmSync(folder, { recursive: true }));

function environment(content: unknown) {
  const path = join(folder, 'providers.json');
  writeFileSync(path, JSON.stringify(content));
  return readEnvironment({
    PORT: String(port),
    PUBLIC_URL: origin,
    OAUTH_ALLOW_LOOPBACK_HTTP: '1',
    OAUTH_PROVIDERS: path,
    DATABASE_URL: `sqlite:${folder}/app.sqlite`,
    AUTH_SECRET: 'f3Vq9LmX2sTz7YwB1nR8cK5hJ4dP0gAuEoiQxMrNzWb=',
  });
}

const old = () => ({
  kind: 'oauth1',
  requestTokenEndpoint: `${provider.origin}/request_token`,
  authorizationEndpoint: `${provider.origin}/authorize`,
  accessTokenEndpoint: `${provider.origin}/access_token`,
  userinfoEndpoint: `${provider.origin}/me`,
  apiBaseUrl: `${provider.origin}/`,
  consumerKey: 'app',
  consumerSecret: 'canary of the app',
  signatureMethod: 'HMAC-SHA1',
});

describeWithOAuthlib('the reference application with a provider of OAuth 1', () => {
  beforeAll(() => {
    const callbacks = ['old', 'rsa', 'jira', 'twitter'].map((name) => `${origin}/login/${name}/authorized`);
    return provider.start({
      clients: {
        app: { method: 'HMAC-SHA1', secret: 'canary of the app', callbacks },
        keyed: {
          method: 'RSA-SHA1',
          publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
          callbacks,
        },
      },
      otherPublicKey: '',
    });
  });
  afterAll(() => provider.stop());

  it.each(adapters)('O55 logs in with what OAUTH_PROVIDERS describes, and with presets (%s)', async (adapter) => {
    const { kind: _kind, signatureMethod: _method, consumerSecret, ...endpoints } = old();
    const keyed = { ...endpoints, consumerKey: 'keyed', privateKey: pem };
    const identity = { subject: 'id' };
    const file = {
      old: old(),
      rsa: { ...keyed, kind: 'oauth1', signatureMethod: 'RSA-SHA1' },
      jira: { ...keyed, preset: 'jira', baseUrl: 'https://jira.example.com', identity },
      twitter: { ...endpoints, preset: 'twitter', consumerSecret, identity },
    };
    const app = await createApp({ ...environment(file), adapter });
    try {
      await app.listen(port, '127.0.0.1');
      for (const name of Object.keys(file)) {
        const browser = new Browser();
        // oxlint-disable-next-line no-await-in-loop -- one log-in after the other
        const page = await browser.follow(await browser.visit(`${origin}/login/${name}?return_to=/me`), () => true);
        expect([page.status, page.body['sub']]).toEqual([200, `${name}:4711`]);
      }
    } finally {
      await app.close();
    }
  });
});

it.each<[string, object, RegExp]>([
  ['no key', { signatureMethod: 'RSA-SHA1', consumerSecret: undefined }, /OAUTH_PROVIDERS: old\.privateKey is missing/],
  ['no secret', { consumerSecret: undefined }, /OAUTH_PROVIDERS: old\.consumerSecret is missing/],
  ['PLAINTEXT without TLS', { signatureMethod: 'PLAINTEXT' }, /old\.requestTokenEndpoint is plain http: PLAINTEXT/],
  ['a typo', { consumerkey: 'x' }, /OAUTH_PROVIDERS: old\.consumerkey is no option/],
])('O64 OC-15 does not start with a provider of OAuth 1 that has %s', async (_what, fields, problem) => {
  const start = createApp(environment({ old: { ...old(), ...loopback, ...fields } }));
  await expect(start).rejects.toThrow(EnvironmentError);
  await expect(start).rejects.toThrow(problem);
  await expect(start).rejects.not.toThrow(/canary/);
});

const loopback = {
  requestTokenEndpoint: 'http://127.0.0.1:1/request',
  authorizationEndpoint: 'http://127.0.0.1:1/authorize',
  accessTokenEndpoint: 'http://127.0.0.1:1/access',
  userinfoEndpoint: 'http://127.0.0.1:1/me',
  apiBaseUrl: 'http://127.0.0.1:1/',
};

it.each([
  { TWITTER_OAUTH_CLIENT_KEY: 'a' },
  { TWITTER_OAUTH_API_SECRET: 'canary of the app' },
  { JIRA_OAUTH_RSA_KEY: 'canary of the app' },
])('O64 does not start with half a client: %j', async (variables) => {
  const before = process.env;
  process.env = { ...before, ...variables };
  try {
    const start = createApp(environment({}));
    await expect(start).rejects.toThrow(/the client of (twitter|jira) must be whole: set its key and its secret/);
    await expect(start).rejects.not.toThrow(/canary/);
  } finally {
    process.env = before;
  }
});

describe('with the client of a Jira in the environment', () => {
  const variables = { JIRA_OAUTH_CONSUMER_KEY: 'app', JIRA_OAUTH_RSA_KEY: pem };
  let before: NodeJS.ProcessEnv;
  beforeEach(() => {
    before = process.env;
    process.env = { ...before, ...variables };
  });
  afterEach(() => {
    process.env = before;
  });

  it('O64 says where its address goes', async () => {
    const start = createApp(environment({}));
    await expect(start).rejects.toThrow(EnvironmentError);
    await expect(start).rejects.toThrow(
      /the client of jira .* OAUTH_PROVIDERS, \{ "jira": \{ "preset": "jira", "baseUrl": /,
    );
    await expect(start).rejects.not.toThrow(/PRIVATE KEY/);
  });

  it('O62 takes the address from the file', async () => {
    const baseUrl = 'https://jira.example.com';
    const app = await createApp(environment({ jira: { preset: 'jira', baseUrl } }));
    await app.close();
  });
});
