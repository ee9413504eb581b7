/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { inspect } from 'node:util';
import { setTimeout as wait } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { LoopbackProvider } from 'nest-latchkey/testing';
import { oauth2Provider } from 'nest-latchkey/providers';
import { ada, GrantsApp, user } from './grants.fixture.js';
import { freePort } from './real-provider.js';
import { json, ResourceServer } from './resource-server.js';

jest.setTimeout(30_000);

const api = new ResourceServer();
const elsewhere = new ResourceServer();
const uploads = new ResourceServer();
const strict = 'https://strict.example.com/';
let provider: LoopbackProvider;
let app: GrantsApp;

beforeAll(async () => {
  await Promise.all([api, elsewhere, uploads].map((server) => server.start()));
  provider = await LoopbackProvider.start({ login: 'alice' });
  const forge = (name: string, apiBaseUrl: string | undefined) =>
    oauth2Provider(name, {
      ...provider.oauth2,
      apiBaseUrl,
      apiOrigins: [uploads.origin],
      userinfoEndpoint: `${api.origin}/me`,
    });
  app = new GrantsApp('express', provider, {
    timeout: 1,
    providers: [
      forge('forge', `${api.origin}/v2/`),
      forge('bare', `${api.origin}/v2`),
      forge('none', undefined),
      {
        ...forge('headed', `${api.origin}/v2/`),
        requestHeaders: { Accept: 'application/vnd.v3+json', 'X-App': 'app' },
        apiTokenScheme: 'Zoho-oauthtoken',
      },
      forge('down', `http://127.0.0.1:${await freePort()}/`),
      oauth2Provider('strict', {
        authorizationEndpoint: `${strict}authorize`,
        tokenEndpoint: `${strict}token`,
        userinfoEndpoint: `${strict}me`,
        apiBaseUrl: strict,
        clientId: 'app',
      }),
    ],
  });
  await app.start();
  for (const name of ['forge', 'bare', 'none', 'headed', 'down', 'strict'])
    await app.grants.put(ada, name, { subject: '1', tokens: { accessToken: 'the token of ada' } });
});
afterEach(() => [api, elsewhere, uploads].forEach((server) => server.reset()));
afterAll(async () => {
  await app.stop();
  await Promise.all([provider, api, elsewhere, uploads].map((server) => server.stop()));
});

const client = (name = 'forge') => app.grants.client(name, ada);
const asked = () => api.seen.map(({ method, path }) => `${method} ${path}`);
const bearer = 'Bearer the token of ada';

describe('where a request goes', () => {
  it.each([
    ['forge', 'user', '/v2/user'],
    ['forge', 'user/repos?page=2#top', '/v2/user/repos?page=2'],
    ['forge', '/user', '/user'],
    ['forge', './user', '/v2/user'],
    ['forge', '../user', '/user'],
    ['forge', '../../../user', '/user'],
    ['forge', '', '/v2/'],
    ['forge', '?page=2', '/v2/?page=2'],
    ['bare', 'user', '/user'],
    ['bare', '/user', '/user'],
  ])('O31 joins the base of %s and %j to %s', async (name, path, joined) => {
    const answer = await client(name).json(path);
    expect(answer).toMatchObject({ path: joined, authorization: bearer });
  });

  it('O31 takes whole URLs of the origin, as texts and as URLs', async () => {
    for (const url of [`${api.origin}/v3/me`, new URL('/v3/me', api.origin)])
      expect(await client().json(url)).toMatchObject({ path: '/v3/me', authorization: bearer });
  });

  it.each<[string, () => unknown]>([
    ['another origin', () => `${elsewhere.origin}/`],
    ['another port', () => api.origin.replace(/\d+$/, '1')],
    ['another scheme', () => api.origin.replace('http:', 'https:')],
    ['another name of the host', () => api.origin.replace('127.0.0.1', 'localhost')],
    ['an origin without a scheme', () => elsewhere.origin.replace('http:', '')],
    ['an origin with backslashes', () => elsewhere.origin.replace('http:', '').replaceAll('/', '\\')],
    ['an origin behind white space', () => `\t \n${elsewhere.origin}`],
    ['a name and a password', () => api.origin.replace('//', '//user:pass@')],
    ['a name that looks like the origin', () => `${api.origin}@127.0.0.1:1/`],
    ['data', () => 'data:text/plain,hello'],
    ['a blob that names the origin', () => `blob:${api.origin}/8f3f9d1c`],
    ['a file', () => 'file:///etc/passwd'],
    ['a Request', () => new Request(elsewhere.origin)],
    ['nothing', () => undefined],
  ])('O32 OC-12 refuses %s before anything is sent', async (_what, url) => {
    for (const name of ['fetch', 'json', 'post'] as const)
      await expect(client()[name](url() as never)).rejects.toMatchObject({
        code: 'oauth_url_refused',
        statusCode: 400,
      });
    expect([api, elsewhere, uploads].flatMap(({ seen }) => seen)).toEqual([]);
    expect(app.watched.calls.filter((call) => call === 'list')).toEqual([]);
  });

  beforeEach(() => void (app.watched.calls.length = 0));

  it('O32 lets apiOrigins have the token', async () => {
    expect(await client().json(`${uploads.origin}/files`)).toMatchObject({ path: '/files', authorization: bearer });
  });

  it('O31 wants whole URLs where there is no base', async () => {
    await expect(client('none').get('user')).rejects.toMatchObject({
      reason: expect.stringContaining('no apiBaseUrl'),
    });
    await expect(client('none').get(api.origin)).rejects.toMatchObject({ code: 'oauth_url_refused' });
    expect(await client('none').json(`${uploads.origin}/files`)).toMatchObject({ authorization: bearer });
  });

  it.each([301, 302, 303, 307, 308])(
    'O32 sends no token along with a redirect %d to another origin',
    async (status) => {
      api.answer = (_call, response) => response.writeHead(status, { location: `${elsewhere.origin}/download` }).end();
      const response = await client().get('archive');
      expect([response.status, response.url]).toEqual([200, `${elsewhere.origin}/download`]);
      expect(api.seen[0]!.headers.authorization).toBe(bearer);
      expect(elsewhere.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    },
  );

  it('O62 sends the headers that the provider wants, to it alone, and those of the caller first', async () => {
    const headers = () => api.seen.map(({ headers: { accept, 'x-app': name } }) => [accept, name]);
    await client('headed').json('user');
    await client('headed').get('user');
    await client('headed').userinfo();
    await client('headed').json('user', { headers: { accept: 'text/plain', 'x-app': 'mine' } });
    const wanted = ['application/vnd.v3+json', 'app'];
    expect(headers()).toEqual([wanted, wanted, wanted, ['text/plain', 'mine']]);
    expect(new Set(api.seen.map((call) => call.headers.authorization))).toEqual(
      new Set(['Zoho-oauthtoken the token of ada']),
    );
    api.answer = (_call, response) => response.writeHead(302, { location: `${elsewhere.origin}/download` }).end();
    await client('headed').get('archive');
    expect(elsewhere.seen.map((call) => call.headers['x-app'])).toEqual([undefined]);
  });

  it('O32 keeps the token on a redirect within the origin', async () => {
    api.answer = ({ path, headers }, response) =>
      path === '/v2/old' ? response.writeHead(302, { location: '/v2/new' }).end() : json(response, headers);
    expect(await client().json('old')).toMatchObject({ authorization: bearer });
  });

  it.each([
    ['a path', ['https://uploads.example.com/x']],
    ['plain http', ['http://uploads.example.com']],
    ['no URL', ['uploads.example.com']],
    ['a text', 'https://uploads.example.com'],
    ['a wildcard', ['*']],
  ])('O64 refuses apiOrigins with %s at boot', async (_what, apiOrigins) => {
    const started = new GrantsApp('express', provider, {
      providers: [oauth2Provider('forge', { ...provider.oauth2, apiOrigins: apiOrigins as never })],
    });
    await expect(started.start()).rejects.toThrow(/oauth\.providers\[0\]\.apiOrigins/);
  });
});

describe('a redirect', () => {
  const redirect = (to: string, status = 302) => {
    api.answer = ({ path }, response) =>
      path === '/v2/old' ? response.writeHead(status, { location: to }).end('moved') : json(response, 'not moved');
  };
  const failed = { code: 'oauth_provider_failed', statusCode: 502 };

  it.each<[string, () => string]>([
    ['plain http', () => 'http://api.example.com/'],
    ['an address of the link', () => 'http://169.254.169.254/latest/meta-data'],
    ['another scheme', () => 'ftp://127.0.0.1/'],
    ['data', () => 'data:application/json,{}'],
    ['a name and a password', () => elsewhere.origin.replace('//', '//user:pass@')],
    ['no URL', () => 'http://['],
  ])('OC-13 is not followed to %s', async (_what, to) => {
    redirect(to());
    for (const name of ['get', 'json', 'post'] as const)
      await expect(client()[name]('old')).rejects.toMatchObject(failed);
    expect([asked().length, elsewhere.seen]).toEqual([3, []]);
  });

  it('OC-13 is not followed to loopback by a provider that is not allowed there', async () => {
    const moved = async () => new Response(null, { status: 302, headers: { location: `${elsewhere.origin}/` } });
    const fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(moved);
    try {
      await expect(client('strict').get('old')).rejects.toMatchObject(failed);
      expect(fetched.mock.calls.map(([url]) => url)).toEqual([`${strict}old`]);
    } finally {
      fetched.mockRestore();
    }
  });

  it('OC-13 is followed five times', async () => {
    api.answer = ({ path }, response) => {
      const left = Number(path.slice(1));
      return left > 0 ? response.writeHead(307, { location: `/${left - 1}` }).end() : json(response, 'at last');
    };
    expect(await client().json('/5')).toBe('at last');
    await expect(client().json('/6')).rejects.toMatchObject(failed);
    await expect(client().json('/100')).rejects.toMatchObject(failed);
    expect(api.seen).toHaveLength(18);
  });

  // RFC 9110 §15.4, Fetch §4.4
  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [302, 'post', 'GET'],
    [302, 'PUT', 'PUT'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'PATCH', 'PATCH'],
  ])('%d is followed after %s by %s', async (status, method, next) => {
    redirect(`${elsewhere.origin}/new`, status);
    const headers = { 'content-type': 'text/x-note', 'x-more': 'yes' };
    const response = await client().fetch('old', { method, headers, body: 'text' });
    expect([response.status, response.redirected, response.url]).toEqual([200, true, `${elsewhere.origin}/new`]);
    const [{ headers: sent, ...call }] = elsewhere.seen as [(typeof elsewhere.seen)[number]];
    expect(call).toEqual({ method: next, path: '/new', body: next === 'GET' ? '' : 'text' });
    expect([sent['x-more'], sent['content-type']]).toEqual(['yes', next === 'GET' ? undefined : 'text/x-note']);
  });

  it.each([401, 403])('to another origin says nothing of the grant: json() for %d', async (status) => {
    redirect(`${elsewhere.origin}/new`);
    elsewhere.answer = (_call, response) => json(response, {}, status);
    await expect(client().json('old')).rejects.toMatchObject(failed);
  });

  it('is followed after HEAD by HEAD', async () => {
    redirect(`${elsewhere.origin}/new`, 303);
    await client().fetch('old', { method: 'HEAD' });
    expect(elsewhere.seen.map(({ method }) => method)).toEqual(['HEAD']);
  });

  it('is not followed where a stream would be sent twice', async () => {
    const body = () => new Blob(['stream']).stream();
    redirect('/v2/new', 307);
    await expect(client().post('old', { body: body() })).rejects.toMatchObject(failed);
    redirect('/v2/new', 303);
    expect((await client().post('old', { body: body() })).status).toBe(200);
    expect(asked()).toEqual(['POST /v2/old', 'POST /v2/old', 'GET /v2/new']);
  });

  it('is handed on where whoever makes the request wants it, and where it leads nowhere', async () => {
    redirect(`${elsewhere.origin}/new`);
    const { status, headers } = await client().get('old', { redirect: 'manual' });
    expect([status, headers.get('location')]).toEqual([302, `${elsewhere.origin}/new`]);
    await expect(client().get('old', { redirect: 'error' })).rejects.toMatchObject({ name: 'AuthError' });
    expect(elsewhere.seen).toEqual([]);
    await client().get('old', { redirect: 'follow' });
    expect(elsewhere.seen.map((call) => call.headers.authorization)).toEqual([undefined]);
    api.answer = (_call, response) => response.writeHead(302).end();
    const nowhere = await client().get('old');
    expect([nowhere.status, nowhere.redirected]).toEqual([302, false]);
  });
});

describe('a request', () => {
  it.each(['get', 'post', 'put', 'patch', 'delete'] as const)('goes out by %s()', async (method) => {
    const response = await client()[method]('things', { headers: { 'x-more': 'yes' } });
    expect([response.status, asked()]).toEqual([200, [`${method.toUpperCase()} /v2/things`]]);
    expect(api.seen[0]!.headers).toMatchObject({ authorization: bearer, 'x-more': 'yes' });
  });

  it('has the token of the grant, whatever else was given', async () => {
    await client().get('me', { headers: { authorization: 'Bearer of somebody else' } });
    expect(api.seen.map(({ headers }) => headers.authorization)).toEqual([bearer]);
  });

  it.each<[string, () => RequestInit['body'], string]>([
    ['a text', () => 'text', 'text'],
    ['a form', () => new URLSearchParams({ a: 'b c' }), 'a=b+c'],
    ['bytes', () => new TextEncoder().encode('bytes'), 'bytes'],
    ['a Blob', () => new Blob(['blob']), 'blob'],
    ['a stream', () => new Blob(['stream']).stream(), 'stream'],
  ])('carries %s', async (_what, body, text) => {
    const answer = await client().json('things', { method: 'POST', body: body() });
    expect(answer).toMatchObject({ method: 'POST', body: text });
  });

  it.each([200, 204, 400, 403, 404, 500])('gives the answer %d as it is', async (status) => {
    api.answer = (_call, response) => response.writeHead(status).end();
    expect((await client().get('me')).status).toBe(status);
  });

  it.each<[number, string, number]>([
    [400, 'oauth_provider_failed', 502],
    [401, 'oauth_reauth_required', 403],
    [403, 'oauth_scope_missing', 403],
    [404, 'oauth_provider_failed', 502],
    [429, 'oauth_provider_unavailable', 503],
    [500, 'oauth_provider_unavailable', 503],
    [503, 'oauth_provider_unavailable', 503],
  ])('O22 throws by json() for an answer %d: %s', async (status, code, statusCode) => {
    api.answer = (_call, response) => json(response, { secret: 'of the API' }, status);
    const error = await client()
      .json('me')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, statusCode });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret|of ada/);
  });

  it.each(['<html>', '', '{"half'])('O22 throws by json() for a body %j', async (body) => {
    api.answer = (_call, response) => response.end(body);
    await expect(client().json('me')).rejects.toMatchObject({ code: 'oauth_provider_failed' });
  });

  it.each([
    [64, 'arrays', '[]'],
    [64, 'objects', '{}'],
  ])('O22 takes %d %s in each other by json(), and not one more', async (depth, _what, pair) => {
    const nested = (times: number) =>
      pair === '[]' ? '['.repeat(times) + ']'.repeat(times) : '{"x":'.repeat(times) + '1' + '}'.repeat(times);
    api.answer = (_call, response) => response.end(nested(depth + 1));
    expect(JSON.stringify(await client().json('me'))).toBe(nested(depth + 1));
    for (const times of [depth + 2, 20_000]) {
      api.answer = (_call, response) => response.end(nested(times));
      await expect(client().json('me')).rejects.toMatchObject({ code: 'oauth_provider_failed', statusCode: 502 });
    }
  });

  it('O22 reads no more than 10 MB by json()', async () => {
    api.answer = (_call, response) => response.end(`"${'x'.repeat(10_000_000)}"`);
    await expect(client().json('me')).rejects.toMatchObject({ code: 'oauth_provider_failed' });
  });

  it('O22 waits for the headers as long as oauth.timeout says', async () => {
    api.answer = () => undefined;
    for (const call of [() => client().get('me'), () => client().json('me')])
      await expect(call()).rejects.toMatchObject({ code: 'oauth_provider_timeout', statusCode: 504 });
  });

  it('O22 waits for the whole of it by json(), and by fetch() for nothing but the headers', async () => {
    api.answer = async (_call, response) => {
      response.write('"slow');
      await wait(1_500);
      response.end('"');
    };
    await expect(client().json('me')).rejects.toMatchObject({ code: 'oauth_provider_timeout' });
    expect(await (await client().get('me')).json()).toBe('slow');
  });

  it('O22 tells an outage from an answer', async () => {
    for (const call of [() => client('down').get('me'), () => client('down').json('me')])
      await expect(call()).rejects.toMatchObject({ code: 'oauth_provider_unavailable', statusCode: 503 });
    api.answer = (_call, response) => response.socket!.destroy();
    await expect(client().get('me')).rejects.toMatchObject({ code: 'oauth_provider_unavailable' });
    api.answer = (_call, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('"cut');
      setTimeout(() => response.socket!.destroy(), 20);
    };
    await expect(client().json('me')).rejects.toMatchObject({ code: 'oauth_provider_unavailable' });
  });

  it('ends with the signal of whoever made it', async () => {
    api.answer = () => undefined;
    for (const name of ['get', 'json'] as const) {
      const reason = new Error('changed my mind');
      await expect(client()[name]('me', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    }
  });

  it('leaves to whoever made it what cannot be sent', async () => {
    await expect(client().get('me', { body: 'x' })).rejects.toMatchObject({ name: 'TypeError' });
    await expect(client().get('me', { headers: { 'a b': 'c' } })).rejects.toMatchObject({ name: 'TypeError' });
    expect(api.seen).toEqual([]);
  });
});

describe('without a grant', () => {
  const stranger = () => app.grants.client('forge', user('nobody'));

  it('O33 says so, and where to get one', async () => {
    const authorizationUrl = 'https://app.example.com/login/forge';
    expect(await stranger().isAuthorized()).toBe(false);
    expect([await stranger().scope(), await stranger().subject()]).toEqual([[], undefined]);
    for (const call of [
      () => stranger().get('me'),
      () => stranger().json('me'),
      () => stranger().accessToken(),
      () => stranger().userinfo(),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'oauth_not_authorized', statusCode: 403, authorizationUrl });
    expect(api.seen).toEqual([]);
  });

  it('O41 knows of the grant in a job, without a request', async () => {
    expect(await client().isAuthorized()).toBe(true);
    expect([await client().accessToken(), await client().subject(), await client().scope()]).toEqual([
      'the token of ada',
      '1',
      ['profile'],
    ]);
  });
});

it('prints no token, key or store', () => {
  expect(inspect(client(), { depth: 9, showHidden: true })).not.toMatch(/of ada|sealer|store|rows/i);
  expect(JSON.stringify(client())).toBe('{}');
});

describe('userinfo()', () => {
  it('asks the endpoint of the provider, on whatever origin, with what is wanted of it', async () => {
    expect(await client().userinfo({ fields: 'a b' })).toMatchObject({ path: '/me?fields=a+b', authorization: bearer });
    expect(await client('none').userinfo(new URLSearchParams('x=1&x=2'))).toMatchObject({ path: '/me?x=1&x=2' });
  });
});

it('O40 ST-07 never gives a user the token of another, in 200 requests that overtake each other', async () => {
  const users = ['ada', 'bob'];
  for (const name of users)
    await app.grants.put(user(name), 'forge', { subject: '1', tokens: { accessToken: `the token of ${name}` } });
  const random = () => Math.floor(Math.random() * 8);
  app.watched.before = () => wait(random());
  api.answer = async ({ headers, path }, response) => {
    await wait(random());
    json(response, { path, authorization: headers.authorization });
  };
  const ask = async (index: number) => {
    await wait(random());
    const name = users[index % 2]!;
    return { name, index, answer: await app.grants.client('forge', user(name)).json(`of/${name}/${index}`) };
  };
  const answers: Awaited<ReturnType<typeof ask>>[] = [];
  // all at once they need longer on a busy machine than a request may take
  for (let first = 0; first < 200; first += 25)
    answers.push(...(await Promise.all(Array.from({ length: 25 }, (_, index) => ask(first + index)))));
  app.watched.before = () => undefined;
  expect(answers).toHaveLength(200);
  for (const { name, index, answer } of answers)
    expect(answer).toEqual({ path: `/v2/of/${name}/${index}`, authorization: `Bearer the token of ${name}` });
});
