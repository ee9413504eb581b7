/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
/** The provider of `nest-latchkey/testing` itself: is it as strict as it says? Asked by hand; jose judges its ID tokens. */
import { createHash, randomBytes } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { LoopbackProvider, TestClock, type LoopbackFault, type LoopbackProviderOptions } from 'nest-latchkey/testing';

const callback = 'http://127.0.0.1:9/answer';
const basic = `Basic ${Buffer.from('app:the+secret+of+the+app').toString('base64')}`;
const verifier = randomBytes(32).toString('base64url');
const challenge = createHash('sha256').update(verifier).digest('base64url');
const clock = new TestClock();

let provider: LoopbackProvider;
const start = async (options: LoopbackProviderOptions = {}) => {
  provider = await LoopbackProvider.start({ login: 'alice', clock, signingAlgorithm: 'ES256', ...options });
};
afterEach(() => provider.stop());

type Values = Record<string, string | undefined>;
type Json = Record<string, any>;

function formOf(values: Values): URLSearchParams {
  return new URLSearchParams(Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

const request = (changes: Values = {}): Values => ({
  client_id: 'app',
  response_type: 'code',
  redirect_uri: callback,
  scope: 'openid email offline_access',
  state: 'a state',
  nonce: 'a nonce',
  code_challenge: challenge,
  code_challenge_method: 'S256',
  ...changes,
});

/** The parameters that the browser takes back; of a page, its status and text. */
async function authorize(changes: Values = {}, sent = request(changes)): Promise<Json> {
  const answer = await fetch(`${provider.urlOf('authorization')}?${formOf(sent)}`, { redirect: 'manual' });
  const location = answer.headers.get('location');
  if (location === null) return { status: answer.status, text: await answer.text() };
  expect(location.startsWith(callback)).toBe(true);
  return Object.fromEntries(new URL(location).searchParams);
}

async function post(url: string, values: Values, headers: Record<string, string> = { authorization: basic }) {
  const answer = await fetch(url, { method: 'POST', body: formOf(values), headers });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text === '' ? {} : JSON.parse(text)) as Json };
}

const token = (values: Values, headers?: Record<string, string>) => post(provider.urlOf('token'), values, headers);
const exchange = (code: string, changes: Values = {}) =>
  token({ grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier, ...changes });
const refresh = (refresh_token: string, changes: Values = {}) =>
  token({ grant_type: 'refresh_token', refresh_token, ...changes });
const tokensOf = async (changes: Values = {}): Promise<Json> => {
  const { status, body } = await exchange((await authorize(changes))['code'] as string);
  expect(status).toBe(200);
  return body;
};
async function userinfo(accessToken: string) {
  const answer = await fetch(provider.urlOf('userinfo'), { headers: { authorization: `Bearer ${accessToken}` } });
  return {
    status: answer.status,
    challenge: answer.headers.get('www-authenticate'),
    body: (await answer.json()) as Json,
  };
}

describe('the dance', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)(
    'ends with an ID token that jose takes (%s)',
    async (signingAlgorithm) => {
      await start({ signingAlgorithm });
      const { code, state, iss } = await authorize();
      expect([state, iss]).toEqual(['a state', provider.issuer]);
      const { status, headers, body } = await exchange(code);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 300, scope: 'openid email offline_access' });
      const keys = createRemoteJWKSet(new URL(provider.urlOf('jwks')));
      const expected = { issuer: provider.issuer, audience: 'app', currentDate: new Date(clock.now()) };
      const { payload, protectedHeader } = await jwtVerify(body['id_token'] as string, keys, expected);
      expect([payload.sub, payload['nonce'], protectedHeader.alg]).toEqual(['alice', 'a nonce', signingAlgorithm]);
      expect((await userinfo(body['access_token'] as string)).body).toEqual({
        sub: 'alice',
        email: 'alice@example.com',
        email_verified: true,
      });
    },
  );

  it('is told by its discovery document', async () => {
    await start({ metadata: { scopes_supported: undefined, extra: 1 } });
    const document = (await (await fetch(provider.urlOf('discovery'))).json()) as Json;
    expect(document).toMatchObject({ issuer: provider.issuer, token_endpoint: provider.urlOf('token'), extra: 1 });
    expect(document).not.toHaveProperty('scopes_supported');
  });

  it('tells plain OAuth 2 nothing of OpenID Connect, and gives a refresh token', async () => {
    await start();
    const body = await tokensOf({ scope: 'profile' });
    expect(Object.keys(body).toSorted()).toEqual([
      'access_token',
      'expires_in',
      'refresh_token',
      'scope',
      'token_type',
    ]);
    const me = await fetch(`${provider.oauth2.apiBaseUrl}me`, {
      headers: { authorization: `Bearer ${body['access_token']}` },
    });
    expect(await me.json()).toEqual({ id: 'alice', name: 'Alice', email: 'alice@example.com', email_verified: true });
  });

  it('gives OpenID Connect a refresh token for offline_access alone', async () => {
    await start();
    expect(await tokensOf({ scope: 'openid' })).not.toHaveProperty('refresh_token');
  });

  it('answers by a form that posts itself', async () => {
    await start();
    const { status, text } = await authorize({ response_mode: 'form_post', state: '"><script>' });
    expect(status).toBe(200);
    expect(text).toContain(`<form method="post" action="${callback}">`);
    expect(text).toContain('name="state" value="&quot;&gt;&lt;script&gt;"');
    expect(text).toMatch(/name="code" value="[\w-]{32}"/);
  });
});

describe('its authorization endpoint', () => {
  it.each<[string, Values]>([
    ['an unknown client', { client_id: 'another' }],
    ['no client', { client_id: undefined }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['a redirect URI that is not registered', { redirect_uri: `${callback}/` }],
    ['a redirect URI that is a script', { redirect_uri: 'javascript:alert(1)' }],
  ])('sends nobody back for %s', async (_what, changes) => {
    await start({ clients: [{ clientId: 'app', clientSecret: 'x', redirectUris: [callback] }] });
    expect(await authorize(changes)).toMatchObject({ status: 400, text: expect.stringContaining('cannot go on') });
  });

  it.each<[string, Values, string]>([
    ['no code challenge', { code_challenge: undefined }, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a challenge without a method', { code_challenge_method: undefined }, 'invalid_request'],
    ['a short challenge', { code_challenge: 'abc' }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['another response mode', { response_mode: 'fragment' }, 'invalid_request'],
  ])('says to the application that there is %s', async (_what, changes, error) => {
    await start();
    const answer = await authorize(changes);
    expect(answer).toMatchObject({ error, state: 'a state', iss: provider.issuer });
    expect(answer).not.toHaveProperty('code');
  });

  it('does without a challenge where it is told to', async () => {
    await start({ requirePkce: false });
    const { code } = await authorize({ code_challenge: undefined, code_challenge_method: undefined });
    expect((await exchange(code)).body['error']).toBe('invalid_grant');
    const again = await authorize({ code_challenge: undefined, code_challenge_method: undefined });
    expect((await exchange(again['code'], { code_verifier: undefined })).status).toBe(200);
  });

  it('sends back whoever refuses', async () => {
    await start({ login: null });
    expect(await authorize()).toEqual({ error: 'access_denied', state: 'a state', iss: provider.issuer });
  });

  it('asks people on a page, where nothing but buttons comes of their names', async () => {
    const users = [{ sub: 'eve"<', name: '<b>Eve</b>', email: 'eve&co@example.com' }, { sub: 'bob' }];
    await start({ login: undefined, users });
    const { status, text } = await authorize();
    expect(status).toBe(200);
    expect(text).toContain(
      '<button name="login" value="eve&quot;&lt;">&lt;b&gt;Eve&lt;/b&gt;</button> eve&amp;co@example.com',
    );
    const [, action] = /action="(\/interaction\/[\w-]+)"/.exec(text as string)!;
    const press = async (form: Values) =>
      fetch(provider.issuer + action, { method: 'POST', body: formOf(form), redirect: 'manual' });
    expect((await press({})).status).toBe(400);
    expect((await press({ login: 'nobody' })).status).toBe(400);
    const pressed = await press({ login: 'bob' });
    const code = new URL(pressed.headers.get('location')!).searchParams.get('code')!;
    expect(decodeJwt((await exchange(code)).body['id_token'] as string).sub).toBe('bob');
    expect((await press({ login: 'bob' })).status).toBe(404);
  });
});

describe('pushed requests (RFC 9126)', () => {
  const push = (changes: Values = {}) => post(provider.urlOf('par'), request(changes));
  const browse = (request_uri: string, client_id = 'app') => authorize({}, { client_id, request_uri });

  it('are good once, for their client, for a minute', async () => {
    await start({ clients: [{ clientId: 'app', clientSecret: 'the secret of the app' }, { clientId: 'other' }] });
    const { status, body } = await push();
    expect([status, body['expires_in']]).toEqual([201, 60]);
    expect(await browse(body['request_uri'], 'other')).toMatchObject({ status: 400 });
    const { request_uri } = (await push()).body;
    const { code } = await browse(request_uri as string);
    expect((await exchange(code)).status).toBe(200);
    expect(await browse(request_uri as string)).toMatchObject({ status: 400 });
    const late = (await push()).body['request_uri'] as string;
    clock.advance(60);
    expect(await browse(late)).toMatchObject({ status: 400 });
  });

  it('are refused as those of the browser are, and from a client that cannot prove itself', async () => {
    await start();
    expect((await push({ code_challenge: undefined })).body['error']).toBe('invalid_request');
    expect((await push({ request_uri: 'urn:x' })).body['error']).toBe('invalid_request');
    expect((await post(provider.urlOf('par'), request(), {})).body['error']).toBe('invalid_client');
  });

  it('are the only ones where that is asked for', async () => {
    await start({ requirePushedAuthorizationRequests: true });
    expect(await authorize()).toMatchObject({ status: 400 });
    const document = (await (await fetch(provider.urlOf('discovery'))).json()) as Json;
    expect(document['require_pushed_authorization_requests']).toBe(true);
    expect(await browse((await push()).body['request_uri'] as string)).toHaveProperty('code');
  });
});

describe('its token endpoint', () => {
  it.each<[string, Values]>([
    ['another verifier', { code_verifier: randomBytes(32).toString('base64url') }],
    ['no verifier', { code_verifier: undefined }],
    ['the challenge as verifier', { code_verifier: challenge }],
    ['another redirect URI', { redirect_uri: `${callback}/` }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['another code', { code: 'another' }],
  ])('refuses %s', async (_what, changes) => {
    await start();
    const { status, body } = await exchange((await authorize())['code'] as string, changes);
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
  });

  it('refuses a code that has expired, and one of another client', async () => {
    const other = { clientId: 'other', clientSecret: 'x' };
    await start({ clients: [{ clientId: 'app', clientSecret: 'the secret of the app' }, other] });
    const foreign = await authorize({ client_id: 'other' });
    expect((await exchange(foreign['code'])).body['error']).toBe('invalid_grant');
    const late = await authorize();
    clock.advance(60);
    expect((await exchange(late['code'])).body['error']).toBe('invalid_grant');
  });

  it('ends the grant of a code that comes twice (RFC 6749 §4.1.2)', async () => {
    await start();
    const { code } = await authorize();
    const { access_token, refresh_token } = (await exchange(code)).body;
    expect((await userinfo(access_token as string)).status).toBe(200);
    expect((await exchange(code)).body['error']).toBe('invalid_grant');
    expect((await userinfo(access_token as string)).status).toBe(401);
    expect((await refresh(refresh_token as string)).body['error']).toBe('invalid_grant');
  });

  it.each<[string, Values, Record<string, string>]>([
    ['a wrong secret', {}, { authorization: `Basic ${Buffer.from('app:wrong').toString('base64')}` }],
    ['a secret that was not encoded', {}, { authorization: `Basic ${Buffer.from('app:a:b').toString('base64')}` }],
    ['no secret', { client_id: 'app' }, {}],
    ['an unknown client', { client_id: 'another', client_secret: 'x' }, {}],
    ['a secret in both places', { client_secret: 'the secret of the app' }, { authorization: basic }],
    ['another client in the form', { client_id: 'another' }, { authorization: basic }],
    ['Bearer', {}, { authorization: 'Bearer x' }],
  ])('refuses %s', async (_what, changes, headers) => {
    await start();
    const form = { grant_type: 'authorization_code', code: (await authorize())['code'] as string, ...changes };
    const answer = await token({ ...form, redirect_uri: callback, code_verifier: verifier }, headers);
    expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  });

  it('takes the secret in the form, and none of a public client', async () => {
    const options = { clients: [{ clientId: 'app', clientSecret: 'é: %' }, { clientId: 'public' }] };
    await start(options);
    const form = (client_id: string, code: string) => ({
      client_id,
      grant_type: 'authorization_code',
      code,
      redirect_uri: callback,
      code_verifier: verifier,
    });
    const { code } = await authorize();
    expect((await token({ ...form('app', code), client_secret: 'é: %' }, {})).status).toBe(200);
    const open = await authorize({ client_id: 'public' });
    expect((await token({ ...form('public', open['code']), client_secret: 'x' }, {})).status).toBe(401);
    expect((await token(form('public', open['code']), {})).status).toBe(200);
  });

  it.each([['password'], [undefined]])('knows no grant type %s', async (grant_type) => {
    await start();
    expect((await token({ grant_type })).body['error']).toBe('unsupported_grant_type');
  });

  it('wants each parameter once (RFC 6749 §3.2)', async () => {
    await start();
    const { code } = await authorize();
    const form = formOf({ grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier });
    form.append('code', code);
    const answer = await fetch(provider.urlOf('token'), {
      method: 'POST',
      body: form,
      headers: { authorization: basic },
    });
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_request' })]);
    expect((await exchange(code)).status).toBe(200);
  });

  it('says what is wrong with a fault that throws', async () => {
    await start();
    const { code } = await authorize();
    const forge = () => {
      throw new Error('a mistake of the test');
    };
    provider.fail('token', { kind: 'id_token', forge });
    const { status, body } = await exchange(code);
    expect([status, body['error_description']]).toEqual([500, 'a mistake of the test']);
  });

  it('wants POST', async () => {
    await start();
    expect((await fetch(provider.urlOf('token'))).status).toBe(405);
  });
});

describe('refresh tokens', () => {
  it('rotate, and a second use ends the grant (RFC 9700 §4.14.2)', async () => {
    await start();
    const first = await tokensOf();
    const second = (await refresh(first['refresh_token'] as string)).body;
    expect(second['refresh_token']).not.toBe(first['refresh_token']);
    expect(decodeJwt(second['id_token'] as string)).toMatchObject({ sub: 'alice' });
    expect((await refresh(first['refresh_token'] as string)).body['error']).toBe('invalid_grant');
    expect((await refresh(second['refresh_token'] as string)).body['error']).toBe('invalid_grant');
    expect((await userinfo(second['access_token'] as string)).status).toBe(401);
  });

  it('stay where they do not rotate', async () => {
    await start({ rotateRefreshTokens: false });
    const { refresh_token } = await tokensOf();
    for (let index = 0; index < 2; index++) {
      const { status, body } = await refresh(refresh_token as string);
      expect([status, 'refresh_token' in body]).toEqual([200, false]);
    }
  });

  it('can narrow the scope, and never widen it', async () => {
    await start();
    const { refresh_token } = await tokensOf();
    const { body } = await refresh(refresh_token as string, { scope: 'openid' });
    expect(body['scope']).toBe('openid');
    expect((await refresh(body['refresh_token'] as string, { scope: 'openid admin' })).body['error']).toBe(
      'invalid_scope',
    );
    expect((await refresh(body['refresh_token'] as string)).body['scope']).toBe('openid email offline_access');
  });

  it('are of their client alone', async () => {
    const clients = [{ clientId: 'app', clientSecret: 'the secret of the app' }, { clientId: 'other' }];
    await start({ clients });
    const { refresh_token } = await tokensOf();
    const stolen = await token({ client_id: 'other', grant_type: 'refresh_token', refresh_token }, {});
    expect(stolen.body['error']).toBe('invalid_grant');
  });
});

describe('client credentials (RFC 6749 §4.4)', () => {
  const own = (changes: Values = {}, headers?: Record<string, string>) =>
    token({ grant_type: 'client_credentials', ...changes }, headers);
  const clients = (...scope: string[]) => [
    { clientId: 'app', clientSecret: 'the secret of the app', scope },
    { clientId: 'public', scope },
  ];

  it('give a token of the client, without a refresh token and an ID token', async () => {
    await start({ clients: clients('read', 'write') });
    const { status, body } = await own();
    expect([status, body]).toEqual([
      200,
      { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300, scope: 'read write' },
    ]);
    const headers = { authorization: `Bearer ${body['access_token']}` };
    expect(await (await fetch(`${provider.urlOf('api')}/me`, { headers })).json()).toEqual({ id: 'app' });
    expect(await (await fetch(provider.urlOf('discovery'))).json()).toMatchObject({
      grant_types_supported: expect.arrayContaining(['client_credentials']),
    });
  });

  it('can narrow the scope, and never widen it', async () => {
    await start({ clients: clients('read', 'write') });
    expect((await own({ scope: 'read' })).body['scope']).toBe('read');
    expect((await own({ scope: 'read admin' })).body['error']).toBe('invalid_scope');
  });

  it('give a client without a scope none', async () => {
    await start();
    expect((await own()).body).not.toHaveProperty('scope');
    expect((await own({ scope: 'read' })).body['error']).toBe('invalid_scope');
  });

  it('are nothing for a public client, nor for one that cannot prove itself', async () => {
    await start({ clients: clients('read') });
    const open = await own({ client_id: 'public' }, {});
    expect([open.status, open.body['error']]).toEqual([400, 'unauthorized_client']);
    const wrong = await own({ client_id: 'app', client_secret: 'wrong' }, {});
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid_client']);
  });

  it('say nothing of a user', async () => {
    await start({ clients: clients('openid', 'read') });
    expect((await own()).body['error']).toBe('invalid_scope');
    const { body } = await own({ scope: 'read' });
    const answer = await userinfo(body['access_token'] as string);
    expect([answer.status, answer.body['error']]).toEqual([403, 'insufficient_scope']);
    expect(answer.challenge).toContain('error="insufficient_scope"');
  });

  it('expire, are revoked, and end with the grants', async () => {
    await start({ clients: clients('read') });
    const asks = async (text: string) =>
      (await fetch(`${provider.urlOf('api')}/me`, { headers: { authorization: `Bearer ${text}` } })).status;
    const tokens = [];
    for (let index = 0; index < 3; index++) tokens.push((await own()).body['access_token'] as string);
    const [revoked, ended] = tokens as [string, string];
    await post(provider.urlOf('revocation'), { token: revoked });
    expect([await asks(revoked), await asks(ended)]).toEqual([401, 200]);
    provider.endGrants();
    expect(await asks(ended)).toBe(401);
    const late = (await own()).body['access_token'] as string;
    clock.advance(300);
    expect(await asks(late)).toBe(401);
  });
});

describe('access tokens', () => {
  it('expire by the clock', async () => {
    await start({ accessTokenLifetime: 10 });
    const { access_token, expires_in } = await tokensOf();
    expect(expires_in).toBe(10);
    clock.advance(9);
    expect((await userinfo(access_token as string)).status).toBe(200);
    clock.advance(1);
    const { status, challenge: told } = await userinfo(access_token as string);
    expect([status, told]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
  });

  it('are revoked alone, and with their refresh token (RFC 7009)', async () => {
    await start();
    const revoke = (value: string) => post(provider.urlOf('revocation'), { token: value });
    const one = await tokensOf();
    const two = (await refresh(one['refresh_token'] as string)).body;
    expect((await revoke(one['access_token'] as string)).status).toBe(200);
    expect((await userinfo(one['access_token'] as string)).status).toBe(401);
    expect((await userinfo(two['access_token'] as string)).status).toBe(200);
    expect((await revoke(two['refresh_token'] as string)).status).toBe(200);
    expect((await userinfo(two['access_token'] as string)).status).toBe(401);
    expect((await revoke('unknown')).status).toBe(200);
    expect((await post(provider.urlOf('revocation'), { token: 'x' }, {})).status).toBe(401);
  });

  it('end when people take their consent back', async () => {
    await start();
    const { access_token, refresh_token } = await tokensOf();
    provider.endGrants();
    expect((await userinfo(access_token as string)).status).toBe(401);
    expect((await refresh(refresh_token as string)).body['error']).toBe('invalid_grant');
  });

  it('open an API that says what it was asked', async () => {
    await start();
    const { access_token } = await tokensOf();
    const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'text/plain' };
    const answer = await fetch(`${provider.urlOf('api')}/a/b?c=1&c=2`, { method: 'PUT', headers, body: 'hello' });
    const query = [['c', '1'], ['c', '2']]; // prettier-ignore
    expect(await answer.json()).toEqual({ user: 'alice', method: 'PUT', path: 'a/b', query, body: 'hello' });
    expect((await fetch(`${provider.urlOf('api')}/a?access_token=${access_token}`)).status).toBe(401);
  });
});

describe('faults', () => {
  it('last as often as they are told to, and end when the provider is healed', async () => {
    await start();
    provider.fail('jwks', { kind: 'status', status: 503, times: 2 });
    const statuses = [];
    for (let index = 0; index < 3; index++) statuses.push((await fetch(provider.urlOf('jwks'))).status);
    expect([statuses, provider.count('jwks')]).toEqual([[503, 503, 200], 3]);
    provider.fail('jwks', { kind: 'html' });
    provider.fail('discovery', { kind: 'html' });
    provider.heal('jwks');
    const typeOf = async (name: 'jwks' | 'discovery') =>
      (await fetch(provider.urlOf(name))).headers.get('content-type')!;
    expect([await typeOf('jwks'), await typeOf('discovery')]).toEqual(['application/json', 'text/html; charset=utf-8']);
    provider.reset();
    expect([await typeOf('discovery'), provider.requests.map(({ endpoint }) => endpoint)]).toEqual([
      'application/json',
      ['discovery'],
    ]);
  });

  it.each<[string, LoopbackFault, boolean]>([
    ['an error', { kind: 'error', error: 'invalid_grant' }, false],
    ['a status', { kind: 'status', status: 503 }, false],
    ['a connection that ends before', { kind: 'drop', before: true }, false],
    ['a connection that ends', { kind: 'drop' }, true],
    ['half an answer', { kind: 'cut' }, true],
  ])('%s: is the refresh token spent?', async (_what, fault, isSpent) => {
    await start();
    const { refresh_token } = await tokensOf();
    provider.fail('token', fault);
    await refresh(refresh_token as string).catch(() => undefined);
    provider.heal();
    expect((await refresh(refresh_token as string)).status).toBe(isSpent ? 400 : 200);
  });

  it('come together', async () => {
    await start();
    const { code } = await authorize();
    provider.fail(
      'token',
      { kind: 'members', members: { scope: 'openid', token_type: undefined } },
      { kind: 'id_token', claims: { nonce: 'another', iat: undefined } },
    );
    const { body } = await exchange(code);
    expect([body['scope'], 'token_type' in body]).toEqual(['openid', false]);
    expect(decodeJwt(body['id_token'] as string)).toMatchObject({ nonce: 'another' });
    expect(decodeJwt(body['id_token'] as string)).not.toHaveProperty('iat');
  });

  it('sign by a key that nobody published; a rotated one is published', async () => {
    await start();
    const keys = async () => createRemoteJWKSet(new URL(provider.urlOf('jwks')));
    const expected = { currentDate: new Date(clock.now()) };
    const old = await tokensOf();
    provider.fail('token', { kind: 'id_token', signature: 'other_key' });
    const forged = await tokensOf();
    await expect(jwtVerify(forged['id_token'] as string, await keys(), expected)).rejects.toThrow('signature');
    provider.heal();
    provider.rotateKey();
    const rotated = await tokensOf();
    for (const { id_token } of [old, rotated]) await jwtVerify(id_token as string, await keys(), expected);
    provider.rotateKey({ keepOld: false });
    await expect(jwtVerify(old['id_token'] as string, await keys(), expected)).rejects.toThrow('no applicable key');
  });
});

describe('where it starts', () => {
  it('is never production', async () => {
    await start();
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      await expect(LoopbackProvider.start()).rejects.toThrow(/NODE_ENV is production/);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it.each<[LoopbackProviderOptions, RegExp]>([
    [{ users: [] }, /LoopbackProvider\.users: /],
    [{ clients: [] }, /LoopbackProvider\.clients: /],
    [{ login: 'nobody' }, /LoopbackProvider\.login: is none of users/],
    [{ host: 'example.com' }, /LoopbackProvider\.host: /],
    [{ host: '0.0.0.0' }, /LoopbackProvider\.host: /],
  ])('is not with %o', async (options, problem) => {
    await start();
    await expect(LoopbackProvider.start(options)).rejects.toThrow(problem);
  });

  it('is loopback alone, whatever names it', async () => {
    await start();
    expect(new URL(provider.issuer).hostname).toBe('127.0.0.1');
    const { port } = new URL(provider.issuer);
    expect(await statusAs('evil.example', port)).toBe(421);
    expect(await statusAs(`localhost:${port}`, port)).toBe(200);
  });
});

async function statusAs(host: string, port: string): Promise<number | undefined> {
  const { request: ask } = await import('node:http');
  return new Promise((resolve, reject) => {
    const sent = ask({ host: '127.0.0.1', port, path: '/jwks', headers: { host } });
    sent
      .on('error', reject)
      .on('response', (answer) => resolve(answer.resume().statusCode))
      .end();
  });
}
