import { generateKeyPairSync, sign as createSignature } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Res, VersioningType, type INestApplication } from '@nestjs/common';
import { AuthModule, Public, RequireToken } from 'nest-latchkey';
import type { AuthHooks, AuthModuleOptions, RefreshSessionOptions, SessionGrant } from 'nest-latchkey';
import { adapters, Api, bearer, bootFailure, decoded, describeOnBoth, rootModule, sign } from './fixture.js';
import {
  cookiesOf,
  expectCleared,
  expectUntouched,
  frontTokenOf,
  LogInController,
  SessionClient,
} from './session-client.js';

const publicUrl = 'http://127.0.0.1:3000';
const year = 365 * 86_400_000;
const day = 86_400;

@Controller()
class RoutesController {
  /** Has headers of its own, as applications do. */
  @Public()
  @Get('own-headers')
  ownHeaders(): object {
    return {};
  }

  @RequireToken({ revocation: 'store' })
  @Get('asked')
  asked(): object {
    return {};
  }

  @RequireToken({ locations: ['header'] })
  @Get('header-only')
  headerOnly(): object {
    return {};
  }

  @RequireToken({ fresh: '5m' })
  @Get('recent')
  recent(@Res({ passthrough: true }) _response: object): object {
    return {};
  }
}

const controllers = [LogInController, RoutesController];
const options = { publicUrl, session: {} };

/** The largest number that holds, where the lower one does and the upper one does not. */
async function largest(lower: number, upper: number, holds: (one: number) => Promise<boolean>): Promise<number> {
  if (upper - lower === 1) return lower;
  const middle = Math.floor((lower + upper) / 2);
  return (await holds(middle)) ? largest(middle, upper, holds) : largest(lower, middle, holds);
}

describeOnBoth('a session', { options, controllers }, (api) => {
  const cookieClient = () => new SessionClient(api, 'cookie');
  const headerClient = () => new SessionClient(api, 'header');

  describe('at log-in', () => {
    it('S1 gives two cookies that no script reads, and front-token', async () => {
      const answer = await cookieClient().logIn();
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({});
      const { sAccessToken, sRefreshToken, ...others } = cookiesOf(answer);
      expect(others).toEqual({});
      const now = api.clock.now();
      expect(sAccessToken!.attributes).toEqual({
        ...{ path: '/', httponly: true, samesite: 'Lax' },
        expires: new Date(now + year).toUTCString(),
      });
      expect(sRefreshToken!.attributes).toEqual({
        ...{ path: '/auth/session/refresh', httponly: true, samesite: 'Lax' },
        expires: new Date(now + 30 * day * 1000).toUTCString(),
      });
      expect(answer.headers['st-access-token']).toBeUndefined();
      expect(answer.headers['st-refresh-token']).toBeUndefined();
      expect(answer.headers['access-control-expose-headers']).toBe('front-token');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(frontTokenOf(answer).uid).toBe('alice');
    });

    it.each([
      ['header', [['st-auth-mode', 'header']]],
      ['HEADER', [['st-auth-mode', 'HEADER']]],
      ['nothing', []],
      ['anything else', [['st-auth-mode', 'carrier pigeon']]],
    ] as const)('S2 gives headers and no cookie to a client that asks for %s', async (_, headers) => {
      const answer = await api.send('POST', '/login', { headers, body: { subject: 'alice' } });
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.headers['st-access-token']).toBe(answer.body['access_token']);
      expect(answer.headers['st-refresh-token']).toBe(answer.body['refresh_token']);
      expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'read' });
      expect(answer.headers['access-control-expose-headers']).toBe('front-token, st-access-token, st-refresh-token');
    });

    it('S3 says front-token in padded base64 of UTF-8, with the expiry in milliseconds', async () => {
      const client = headerClient();
      const answer = await client.logIn('Ærøskøbing ☃', { city: '東京' });
      const text = answer.headers['front-token'] as string;
      expect(text.length % 4).toBe(0);
      expect(text).toMatch(/^[A-Za-z0-9+/]+={0,2}$/);
      const claims = decoded(client.access);
      expect(frontTokenOf(answer)).toEqual({ uid: 'Ærøskøbing ☃', ate: claims['exp'] * 1000, up: claims });
      expect(claims).toMatchObject({ city: '東京', scope: { read: true } });
    });

    it('keeps what the client calls itself, and its network', async () => {
      const [[address, network], agent] = [['127.0.0.1', '127.0.0.0/24'], 'Browser/1.0 (a device)'];
      await headerClient().logIn('of a device', {}, [['User-Agent', agent]]);
      const [session] = await api.auth.listSessions({ subject: 'of a device' });
      expect(session).toMatchObject({ device: agent, network });
      expect(JSON.stringify(session)).not.toContain(address);
    });

    it('S4 clears what the other mode holds', async () => {
      const cookies = cookieClient();
      await cookies.logIn();
      const inHeaders = await headerClient().logIn('alice', {}, [['Cookie', `sAccessToken=${cookies.access}`]]);
      expect(cookiesOf(inHeaders)['sAccessToken']).toMatchObject({ value: '' });
      expect(inHeaders.headers['st-access-token']).not.toBe('');
      const inCookies = await cookieClient().logIn('alice', {}, bearer('an.older.token'));
      expect(inCookies.headers['st-access-token']).toBe('');
      expect(cookiesOf(inCookies)['sAccessToken']!.value).not.toBe('');
    });

    it('SF-01 gives a new session each time', async () => {
      const [one, other] = [headerClient(), headerClient()];
      await one.logIn();
      await other.logIn('alice', {}, bearer(one.access));
      expect(decoded(other.access)['sid']).not.toBe(decoded(one.access)['sid']);
    });

    it('refuses a log-in whose tokens would no more fit into a cookie at the first refresh', async () => {
      const longest = await largest(2_000, 4_000, async (length) => {
        const client = new SessionClient(api, 'cookie');
        const { status } = await client.logIn('large', { text: 'x'.repeat(length) }, [], { mayFail: true });
        return status === 200;
      });
      const client = new SessionClient(api, 'cookie');
      await client.logIn('large', { text: 'x'.repeat(longest) });
      expect((await client.refresh()).status).toBe(200);
    });

    it('refuses a log-in whose token would be too long to be read at the first refresh', async () => {
      const create = (length: number) => api.auth.createSession('large', { claims: { text: 'x'.repeat(length) } });
      const longest = await largest(8_000, 16_000, (length) =>
        create(length).then(
          () => true,
          () => false,
        ),
      );
      const { refresh_token: refreshToken } = await create(longest);
      await expect(api.auth.refreshSession(refreshToken)).resolves.toMatchObject({ token_type: 'Bearer' });
    });
  });

  describe('at a guarded route', () => {
    it.each(['cookie', 'header'] as const)('S5 lets its %s in', async (mode) => {
      const client = new SessionClient(api, mode);
      await client.logIn();
      expect(await client.call('GET', '/protected')).toMatchObject({ status: 200, body: { sub: 'alice' } });
      expect((await client.call('POST', '/protected')).status).toBe(201);
      expect((await client.call('GET', '/asked')).status).toBe(200);
      expect((await client.call('GET', '/recent')).status).toBe(200);
    });

    it('S6 takes the header of another session before the cookie', async () => {
      const [cookies, headers] = [cookieClient(), headerClient()];
      await cookies.logIn('alice');
      await headers.logIn('bob');
      const answer = await cookies.call('GET', '/protected', bearer(headers.access));
      expect(answer.body['sub']).toBe('bob');
    });

    it('S7 refuses a foreign token in the header, also beside a good cookie', async () => {
      const client = cookieClient();
      await client.logIn();
      const foreign = sign({ alg: 'HS256', typ: 'JWT' }, { iss: 'https://else.example', sub: 'alice' }, 'x'.repeat(64));
      expect((await client.call('GET', '/protected', bearer(foreign))).status).toBe(401);
    });

    it('S8 refuses a request without a token, and clears nothing', async () => {
      const answer = await api.get('/protected');
      expect(answer).toMatchObject({ status: 401, body: { message: 'unauthorised', errorCode: 'token_missing' } });
      expectUntouched(answer);
    });

    it.each(['cookie', 'header'] as const)('S9 tells an expired %s to refresh, and clears nothing', async (mode) => {
      const client = new SessionClient(api, mode);
      await client.logIn();
      api.clock.advance(906);
      const answer = await client.call('GET', '/protected');
      expect(answer).toMatchObject({ status: 401, body: { message: 'try refresh token' } });
      expectUntouched(answer);
      expect((await client.refresh()).status).toBe(200);
      expect((await client.call('GET', '/protected')).status).toBe(200);
    });

    it('S10 refuses what is no access token of a session in its cookie', async () => {
      const client = cookieClient();
      await client.logIn();
      const [head = '', payload = ''] = client.access.split('.');
      const forged = [
        `${head}.${payload}.${'A'.repeat(43)}`,
        sign({ alg: 'none' }, decoded(client.access)).replace(/[^.]*$/, ''),
        sign({ alg: 'HS256', typ: 'at+jwt' }, decoded(client.access), 'another secret that is long enough, too'),
        client.refreshToken,
        // a token of ours, but of no session: its cookie would need another proof
        await api.auth.issueAccessToken('alice'),
      ];
      for (const access of forged) {
        const answer = await api.send('GET', '/protected', { headers: [['Cookie', `sAccessToken=${access}`]] });
        expect([access, answer.status]).toEqual([access, 401]);
      }
      const misused = await api.send('POST', '/auth/session/refresh', { headers: bearer(client.access) });
      expect(misused.status).toBe(401);
    });

    it('S11 lets nobody into an optional route by garbage', async () => {
      expect((await api.get('/optional')).body).toMatchObject({ sub: null });
      expect((await api.send('GET', '/optional', { headers: [['Cookie', 'sAccessToken=garbage']] })).status).toBe(401);
      const client = cookieClient();
      await client.logIn();
      api.clock.advance(906);
      expect((await client.call('GET', '/optional')).status).toBe(401);
    });

    it('reads no cookie where the route says so', async () => {
      const client = cookieClient();
      await client.logIn();
      expect((await client.call('GET', '/header-only')).status).toBe(401);
    });

    it('reads no token from the names that the client writes itself', async () => {
      const client = headerClient();
      await client.logIn();
      const headers = [
        ['Cookie', `st-access-token=${client.access}; st-refresh-token=${client.refreshToken}`],
      ] as const;
      expect((await api.send('GET', '/protected', { headers })).status).toBe(401);
      expect(
        (await api.send('POST', '/auth/session/refresh', { headers: [...headers, ['rid', 'session']] })).status,
      ).toBe(401);
    });
  });

  describe('at a refresh', () => {
    it.each(['cookie', 'header'] as const)('S12 S13 gives the next tokens by %s', async (mode) => {
      const client = new SessionClient(api, mode);
      await client.logIn();
      const { access, refreshToken } = client;
      const answer = await client.refresh();
      expect(answer).toMatchObject({ status: 200, body: {} });
      expect(answer.text).toBe('{}');
      expect(client.refreshToken).not.toBe(refreshToken);
      expect(decoded(client.access)['sid']).toBe(decoded(access)['sid']);
      expect(decoded(client.access)).toMatchObject({ scope: { read: true }, sub: 'alice' });
      expect(frontTokenOf(answer).ate).toBe(decoded(client.access)['exp'] * 1000);
      expect(answer.headers['set-cookie'] === undefined).toBe(mode === 'header');
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    it.each([
      ['no token', []],
      ['an unknown token', bearer('11111111-2222-4333-8444-555555555555.' + 'A'.repeat(43))],
      ['garbage', bearer('garbage')],
    ] as const)('S14 refuses %s, and clears everything', async (_, headers) => {
      const answer = await api.send('POST', '/auth/session/refresh', { headers: [...headers, ['rid', 'session']] });
      expect(answer).toMatchObject({ status: 401, body: { message: 'unauthorised' } });
      expectCleared(answer);
    });

    it('S17 answers 20 refreshes of one token at once', async () => {
      const client = headerClient();
      await client.logIn();
      const { refreshToken } = client;
      const send = () => api.send('POST', '/auth/session/refresh', { headers: bearer(refreshToken) });
      const answers = await Promise.all(Array.from({ length: 20 }, send));
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    });

    it('S19 ends the session of a token that comes back late, once and for all', async () => {
      const client = cookieClient();
      await client.logIn();
      const old = client.refreshToken;
      await client.refresh();
      expect((await client.call('GET', '/protected')).status).toBe(200);
      api.clock.advance(11);
      const replay = () =>
        api.send('POST', '/auth/session/refresh', {
          headers: [
            ['Cookie', `sRefreshToken=${old}`],
            ['rid', 'session'],
          ],
        });
      const answer = await replay();
      expect(answer).toMatchObject({ status: 401, body: { message: 'token theft detected' } });
      expectCleared(answer);
      expect((await client.call('GET', '/protected')).status).toBe(401);
      expect((await replay()).body['message']).toBe('unauthorised');
      expect((await client.refresh()).status).toBe(401);
    });

    it('S18 answers a token that comes back at once', async () => {
      const client = headerClient();
      await client.logIn();
      const old = client.refreshToken;
      await client.refresh();
      expect((await client.call('GET', '/protected')).status).toBe(200);
      expect((await api.send('POST', '/auth/session/refresh', { headers: bearer(old) })).status).toBe(200);
      expect((await client.call('GET', '/protected')).status).toBe(200);
    });

    it('S32 ends at the idle and at the absolute lifetime', async () => {
      const [idle, active] = [headerClient(), headerClient()];
      await idle.logIn();
      await active.logIn();
      for (let month = 0; month < 7; month++) {
        api.clock.advance(29 * day);
        const answer = await active.refresh();
        const isOver = (month + 1) * 29 >= 180;
        expect([month, answer.status]).toEqual([month, isOver ? 401 : 200]);
        if (isOver) expectCleared(answer);
        else expect((await active.call('GET', '/protected')).status).toBe(200);
      }
      expect((await idle.refresh()).status).toBe(401);
    });

    it('gives an access token that does not outlive the session', async () => {
      const client = headerClient();
      await client.logIn();
      const end = api.clock.seconds + 180 * day;
      for (let month = 0; month < 6; month++) {
        api.clock.advance(29 * day);
        await client.refresh();
        await client.call('GET', '/protected');
      }
      api.clock.advance(end - api.clock.seconds - 60);
      const answer = await client.refresh();
      expect(answer.status).toBe(200);
      expect(decoded(client.access)['exp']).toBe(end);
    });
  });

  describe('at sign-out', () => {
    it.each(['cookie', 'header'] as const)('S27 ends at once, by %s', async (mode) => {
      const client = new SessionClient(api, mode);
      await client.logIn();
      const answer = await client.call('POST', '/auth/signout');
      expect(answer).toMatchObject({ status: 200, body: { status: 'OK' } });
      expectCleared(answer);
      expect((await client.call('GET', '/protected')).status).toBe(401);
      expect((await client.call('GET', '/asked')).status).toBe(401);
      expect((await client.refresh()).status).toBe(401);
    });

    it('S28 tells an expired token to refresh, and clears a session that had ended', async () => {
      const client = cookieClient();
      await client.logIn();
      expect((await api.post('/auth/signout')).status).toBe(401);
      await api.auth.revokeSession(decoded(client.access)['sid']);
      const again = await client.call('POST', '/auth/signout');
      expect(again).toMatchObject({ status: 401, body: { message: 'unauthorised' } });
      expectCleared(again);
      await client.logIn();
      api.clock.advance(906);
      const expired = await client.call('POST', '/auth/signout');
      expect(expired).toMatchObject({ status: 401, body: { message: 'try refresh token' } });
      expectUntouched(expired);
    });

    it('S31 ends all others of the subject, and nobody else', async () => {
      const [here, there, other] = [headerClient(), headerClient(), headerClient()];
      await here.logIn('carol');
      await there.logIn('carol');
      await other.logIn('dave');
      const sid = decoded(here.access)['sid'] as string;
      expect(await api.auth.listSessions({ subject: 'carol' })).toHaveLength(2);
      const ended = await api.auth.revokeSessions({ subject: 'carol', except: sid });
      expect(ended).toEqual([decoded(there.access)['sid']]);
      expect((await here.call('GET', '/protected')).status).toBe(200);
      expect((await there.call('GET', '/protected')).status).toBe(401);
      expect((await there.refresh()).status).toBe(401);
      expect((await other.call('GET', '/protected')).status).toBe(200);
      expect(await api.auth.getSession(ended[0]!)).toBeUndefined();
      expect((await api.auth.getSession(sid))!.subject).toBe('carol');
    });

    it('SF-05 ends with all tokens of the subject', async () => {
      const client = headerClient();
      await client.logIn('erin');
      await api.auth.revokeAll('erin');
      expect((await client.call('GET', '/protected')).status).toBe(401);
      expect((await client.refresh()).status).toBe(401);
    });

    it('ends when its access token is revoked', async () => {
      const client = headerClient();
      await client.logIn();
      await api.auth.revoke(client.access);
      expect((await client.refresh()).status).toBe(401);
    });
  });

  describe('against other sites', () => {
    it('S36 wants rid where a cookie could change something', async () => {
      const client = cookieClient();
      await client.logIn();
      const forged = await client.call('POST', '/protected', []);
      expect(forged).toMatchObject({ status: 401, body: { errorCode: 'csrf_failed', message: 'try refresh token' } });
      expect((await client.call('GET', '/protected', [])).status).toBe(200);
      const refresh = await client.refresh([]);
      expect(refresh).toMatchObject({ status: 401, body: { errorCode: 'csrf_failed', message: 'unauthorised' } });
      // another site must not be able to log a user out
      expectUntouched(refresh);
      expect((await client.refresh()).status).toBe(200);
      const inHeaders = headerClient();
      await inHeaders.logIn();
      expect((await inHeaders.call('POST', '/protected', [])).status).toBe(201);
      expect((await inHeaders.refresh([])).status).toBe(200);
    });
  });

  describe('from a page of another site', () => {
    it('CC-13 clears nothing of a visitor whose cookies SameSite kept back', async () => {
      const headers = [
        ['Sec-Fetch-Site', 'cross-site'],
        ['Origin', 'https://evil.example'],
      ] as const;
      const answer = await api.send('POST', '/auth/session/refresh', { headers });
      expect(answer.status).toBe(401);
      expectUntouched(answer);
      const client = await api.send('POST', '/auth/session/refresh', { headers: [...headers, ['rid', 'session']] });
      expectCleared(client);
    });
  });

  describe('with two cookies of one name', () => {
    const twice = (name: string) =>
      [
        ['Cookie', `${name}=one; ${name}=other`],
        ['rid', 'session'],
      ] as const;

    it('S35 is refused, and clears nothing where nobody said where the older one was', async () => {
      expect((await api.send('GET', '/protected', { headers: twice('sAccessToken') })).status).toBe(401);
      const client = cookieClient();
      await client.logIn();
      // nothing tells which is the user's, even when both are good
      const both = [['Cookie', `sAccessToken=${client.access}; sAccessToken=${client.access}`]] as const;
      expect((await api.send('GET', '/protected', { headers: both })).body['message']).toBe('try refresh token');
      const answer = await api.send('POST', '/auth/session/refresh', { headers: twice('sAccessToken') });
      expect(answer.status).toBe(401);
      expectUntouched(answer);
    });
  });
});

describeOnBoth(
  'a session with an anti-CSRF value',
  { options: { publicUrl, session: { antiCsrf: 'token' } }, controllers },
  (api) => {
    it('S37 wants the value that came with the tokens', async () => {
      const client = new SessionClient(api, 'cookie');
      const answer = await client.logIn();
      expect(answer.headers['access-control-expose-headers']).toBe('front-token, anti-csrf');
      const right = client.antiCsrf;
      const send = async (value: string | undefined) => {
        client.antiCsrf = value;
        return (await client.call('POST', '/protected')).status;
      };
      expect(await send(undefined)).toBe(401);
      expect(await send('')).toBe(401);
      expect(await send('wrong')).toBe(401);
      expect(await send(right)).toBe(201);

      client.antiCsrf = 'wrong';
      const refused = await client.refresh();
      expect(refused.status).toBe(401);
      expectUntouched(refused);
      client.antiCsrf = right;
      expect((await client.refresh()).status).toBe(200);
      const newer = client.antiCsrf;
      expect(newer).not.toBe(right);
      expect(await send(right)).toBe(401);
      expect(await send(newer)).toBe(201);
    });

    it('asks for none in headers', async () => {
      const client = new SessionClient(api, 'header');
      const answer = await client.logIn();
      expect(answer.headers['anti-csrf']).toBeUndefined();
      expect((await client.call('POST', '/protected', [])).status).toBe(201);
      expect((await client.refresh([])).status).toBe(200);
    });
  },
);

const elsewhere = {
  publicUrl: 'https://api.example.com',
  cookies: { domain: 'example.com', sameSite: 'none' },
  session: { basePath: '/api/auth', olderCookieDomain: '' },
} as const;

describeOnBoth('a session for a whole domain', { options: elsewhere, controllers }, (api) => {
  const flags = { domain: 'example.com', secure: true, samesite: 'None', httponly: true };

  it('S33 sets and clears its cookies with the same attributes', async () => {
    const client = new SessionClient(api, 'cookie');
    const { sAccessToken, sRefreshToken } = cookiesOf(await client.logIn());
    expect(sAccessToken!.attributes).toMatchObject({ ...flags, path: '/' });
    expect(sRefreshToken!.attributes).toMatchObject({ ...flags, path: '/api/auth/session/refresh' });
    const cleared = cookiesOf(await client.call('POST', '/api/auth/signout'));
    expect(cleared['sAccessToken']).toMatchObject({ value: '', attributes: { ...flags, path: '/' } });
    expect(cleared['sRefreshToken']).toMatchObject({
      value: '',
      attributes: { ...flags, path: '/api/auth/session/refresh' },
    });
  });

  it('S35 ends the cookies of the host alone, which were there before', async () => {
    const headers = [
      ['Cookie', 'sAccessToken=one; sAccessToken=other'],
      ['rid', 'session'],
    ] as const;
    const answer = await api.send('POST', '/api/auth/session/refresh', { headers });
    expect(answer.status).toBe(200);
    const { sAccessToken } = cookiesOf(answer);
    expect(sAccessToken!.value).toBe('');
    expect(sAccessToken!.attributes).not.toHaveProperty('domain');
    expect(answer.headers['front-token']).toBeUndefined();
  });
});

const elsewhereKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const partner = 'https://partner.example';
const trusting: Partial<AuthModuleOptions> = { publicUrl, session: { antiCsrf: 'token' } };

describe('the sign-out of a session', () => {
  let issuers: Server;
  const api = new Api('express', {
    controllers: [LogInController],
    options: {
      ...trusting,
      hooks: { loadUser: ({ sub }) => (sub === 'gone' ? null : { sub }) },
    },
  });
  beforeAll(async () => {
    const jwk = { ...elsewhereKey.publicKey.export({ format: 'jwk' }), kid: 'p', alg: 'ES256' };
    issuers = createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
    await new Promise<void>((resolve) => issuers.listen(0, '127.0.0.1', resolve));
    const jwksUri = `http://127.0.0.1:${(issuers.address() as AddressInfo).port}/jwks`;
    const trustedIssuers = [{ issuer: partner, jwksUri, audience: 'us', algorithms: ['ES256' as const] }];
    Object.assign(api['fixture'].options!, { jwt: { trustedIssuers } });
    await api.start();
  });
  beforeEach(() => api.clock.reset());
  afterAll(async () => {
    await api.stop();
    issuers.close();
  });

  const ofPartner = (claims: object) => {
    const now = api.clock.seconds;
    const input = [
      { alg: 'ES256', kid: 'p', typ: 'at+jwt' },
      { iss: partner, aud: 'us', sub: 'x', iat: now, exp: now + 60, ...claims },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const key = { key: elsewhereKey.privateKey, dsaEncoding: 'ieee-p1363' as const };
    return `${input}.${createSignature('sha256', Buffer.from(input), key).toString('base64url')}`;
  };

  it('HA-08 takes no word of a session from another issuer', async () => {
    const client = new SessionClient(api, 'header');
    await client.logIn();
    const { sid } = decoded(client.access);
    for (const claims of [{ rti: 'x', sid }, { rti: 'x' }, { rti: 'x', sid, jti: 'j' }, {}]) {
      const answer = await api.post('/auth/signout', ofPartner(claims));
      expect(answer.status).toBe(401);
    }
    expect((await client.refresh()).status).toBe(200);
  });

  it('SF-05 is open to a user who is gone, and to a session for another audience', async () => {
    const gone = new SessionClient(api, 'header');
    await gone.logIn('gone');
    expect((await gone.call('GET', '/protected')).status).toBe(401);
    expect((await gone.call('POST', '/auth/signout')).status).toBe(200);
    expect((await gone.refresh()).status).toBe(401);
    const other = await api.auth.createSession('alice', { audience: 'https://other.example' });
    expect((await api.post('/auth/signout', other.access_token)).status).toBe(200);
    expect(await api.auth.getSession(other.sid)).toBeUndefined();
  });

  it('ends no stateless token, which is not its own', async () => {
    const token = await api.auth.issueAccessToken('alice');
    expect((await api.post('/auth/signout', token)).status).toBe(401);
  });

  it('CC-02 wants the proof, also where the application forgets to hand it on', async () => {
    const client = new SessionClient(api, 'cookie');
    await client.logIn();
    expect((await client.call('POST', '/auth/signout', [])).status).toBe(200);
    await client.logIn();
    client.antiCsrf = undefined;
    expect((await client.call('POST', '/auth/signout', [])).status).toBe(401);
    const refresh = (how?: RefreshSessionOptions) => api.auth.refreshSession(client.refreshToken, how);
    await expect(refresh({ fromCookie: true })).rejects.toMatchObject({ code: 'csrf_failed' });
    await expect(refresh({ antiCsrf: 'x' } as never)).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(refresh()).resolves.toMatchObject({ token_type: 'Bearer' });
    await expect(refresh({ fromCookie: false })).resolves.toMatchObject({ token_type: 'Bearer' });
  });

  it('leaves no session behind whose tokens did not fit into a cookie', async () => {
    const before = await api.auth.listSessions({ subject: 'large' });
    const answer = await api.send('POST', '/login', {
      headers: [['st-auth-mode', 'cookie']],
      body: { subject: 'large', claims: { text: 'x'.repeat(5_000) } },
      mayFail: true,
    });
    expect(answer.status).toBe(500);
    expect(await api.auth.listSessions({ subject: 'large' })).toEqual(before);
  });
});

describe.each<[string, string, (app: INestApplication) => void]>([
  ['below a prefix', '/api', (app) => app.setGlobalPrefix('api')],
  ['beside versions', '/v1', (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' })],
])('a session %s', (_where, before, setUp) => {
  describe.each(adapters)('%s', (adapter) => {
    const api = new Api(adapter, {
      controllers: [LogInController],
      options: { publicUrl, session: {} },
      extras: { controllers: { basePath: '/account' } },
    });
    beforeAll(() => api.start(setUp));
    afterAll(() => api.stop());

    it('has its refresh cookie sent where its refresh route is, and keys where they are looked for', async () => {
      const body = { subject: 'alice' };
      const answer = await api.send('POST', `${before}/login`, { headers: [['st-auth-mode', 'cookie']], body });
      const { value, attributes } = cookiesOf(answer)['sRefreshToken']!;
      // a version is the application's: clients of sessions and readers of keys know none
      const prefix = before === '/api' ? before : '';
      const path = `${prefix}/account/session/refresh`;
      expect(attributes['path']).toBe(path);
      const headers = [
        ['Cookie', `sRefreshToken=${encodeURIComponent(value)}`],
        ['rid', 'session'],
      ] as const;
      expect((await api.send('POST', path, { headers })).status).toBe(200);
      expect((await api.get(`${prefix}/.well-known/jwks.json`)).status).toBe(200);
    });
  });
});

describeOnBoth(
  'a session whose routes the application makes',
  { options: { publicUrl, session: { basePath: '/own' } }, controllers, extras: { controllers: false } },
  (api) => {
    it('has its refresh cookie sent where session.basePath says', async () => {
      const { sRefreshToken } = cookiesOf(await new SessionClient(api, 'cookie').logIn());
      expect(sRefreshToken!.attributes['path']).toBe('/own/session/refresh');
    });
  },
);

describeOnBoth('a session beside CORS', { options, controllers }, (api) => {
  const origin = 'https://app.example.com';
  beforeAll(async () => {
    await api.stop();
    await api.start((app) =>
      app.enableCors({
        origin: [origin],
        credentials: true,
        allowedHeaders: AuthModule.corsHeaders(),
        exposedHeaders: ['X-Request-Id', 'Front-Token'],
      }),
    );
  });

  it('S40 lets the preflight of its origin through, without a token', async () => {
    const preflight = (from: string) =>
      api.send('OPTIONS', '/auth/session/refresh', {
        headers: [
          ['Origin', from],
          ['Access-Control-Request-Method', 'POST'],
          ['Access-Control-Request-Headers', 'rid,st-auth-mode'],
        ],
      });
    const answer = await preflight(origin);
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(answer.headers['access-control-allow-credentials']).toBe('true');
    for (const name of ['rid', 'fdi-version', 'anti-csrf', 'authorization', 'st-auth-mode', 'content-type'])
      expect(answer.headers['access-control-allow-headers']).toContain(name);
    expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).not.toBe(
      'https://evil.example',
    );
  });

  it('S41 exposes its headers beside those of the application, on refusals too', async () => {
    const client = new SessionClient(api, 'cookie');
    const answer = await client.logIn('alice', {}, [['Origin', origin]]);
    expect(answer.headers['access-control-expose-headers']).toBe('X-Request-Id, Front-Token');
    const refused = await api.send('POST', '/auth/session/refresh', {
      headers: [
        ['Origin', origin],
        ['rid', 'session'],
      ],
    });
    expect(refused.status).toBe(401);
    expect(refused.headers['access-control-allow-origin']).toBe(origin);
    expect(refused.headers['access-control-expose-headers']).toBe(
      'X-Request-Id, Front-Token, st-access-token, st-refresh-token',
    );
  });
});

const neverExpiring = { accessTokenLifetime: 'never', refreshTokenLifetime: 'never' } as const;

const may = new Map<string, unknown>();
let whileAsked = (): void => {};
const hooks: AuthHooks = {
  sessionGrant({ subject }) {
    whileAsked();
    if (subject === 'outage') throw new Error('the database of users is away');
    return may.get(subject) as SessionGrant | null;
  },
};

describeOnBoth(
  'a session of a user who changes',
  { options: { publicUrl, session: {}, hooks }, controllers },
  (api) => {
    const refreshed = async (subject: string, grant: unknown) => {
      const client = new SessionClient(api, 'header');
      await client.logIn(subject, { plan: 'free' });
      may.set(subject, grant);
      return { client, answer: await client.refresh() };
    };

    it('keeps what the log-in granted, while the application says nothing', async () => {
      const { client } = await refreshed('alice', undefined);
      expect(decoded(client.access)).toMatchObject({ scope: { read: true }, plan: 'free' });
    });

    it('grants from the next refresh on what the application says', async () => {
      const { client } = await refreshed('bob', { scope: { read: true, write: true }, claims: { plan: 'paid' } });
      expect(decoded(client.access)).toMatchObject({ scope: { read: true, write: true }, plan: 'paid' });
      may.set('bob', { scope: {} });
      await client.refresh();
      expect(decoded(client.access)).toMatchObject({ scope: {}, plan: 'free' });
    });

    it('has tokens for as long as they say, also when a second begins meanwhile', async () => {
      may.set('frank', {});
      const { refresh_token } = await api.auth.createSession('frank');
      whileAsked = () => api.clock.advance(1);
      const next = await api.auth.refreshSession(refresh_token, { fromCookie: false });
      whileAsked = () => {};
      const { iat, exp } = decoded(next.access_token) as { iat: number; exp: number };
      expect([next.expires_in, exp - iat, iat]).toEqual([900, 900, api.clock.seconds]);
    });

    it('SF-05 ends when the user is gone', async () => {
      const { client, answer } = await refreshed('carol', null);
      expect(answer.status).toBe(401);
      expectCleared(answer);
      expect((await client.call('GET', '/protected')).status).toBe(401);
      may.delete('carol');
      expect((await client.refresh()).status).toBe(401);
    });

    it('SF-05 ends when the hook answers nothing, and is not refreshed by an answer that is none', async () => {
      const { answer } = await refreshed('dave', undefined);
      expect(answer.status).toBe(401);
      for (const wrong of [false, true, 'admin', 0]) {
        const client = new SessionClient(api, 'header');
        await client.logIn('erin');
        may.set('erin', wrong);
        const headers = bearer(client.refreshToken);
        const refused = await api.send('POST', '/auth/session/refresh', { headers, mayFail: true });
        expect([wrong, refused.status]).toEqual([wrong, 503]);
        expectUntouched(refused);
      }
    });

    it('S42 is not lost by an outage of the application', async () => {
      const client = new SessionClient(api, 'header');
      await client.logIn('outage');
      const headers = bearer(client.refreshToken);
      const answer = await api.send('POST', '/auth/session/refresh', { headers, mayFail: true });
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('1');
      expectUntouched(answer);
    });
  },
);

describeOnBoth('a session beside tokens that never expire', { options: { jwt: neverExpiring } }, (api) => {
  it('SF-03 has an access token that ends with it', async () => {
    const { access_token: token, sid } = await api.auth.createSession('alice');
    const { absoluteExpiresAt } = (await api.auth.getSession(sid))!;
    expect(decoded(token)['exp'] * 1000).toBe(absoluteExpiresAt.getTime());
  });
});

describe('the options of sessions', () => {
  it.each([
    ['S34 SameSite=None without Secure', { publicUrl, cookies: { sameSite: 'none' }, session: {} }, 'cookies.sameSite'],
    [
      'SameSite=None without any proof',
      { publicUrl: 'https://a.example', cookies: { sameSite: 'none' }, session: { antiCsrf: 'none' } },
      'session.antiCsrf',
    ],
    [
      'an idle lifetime beyond the absolute one',
      { session: { idleLifetime: '31d', absoluteLifetime: '30d' } },
      'session.idleLifetime',
    ],
    [
      'an idle lifetime below the access token',
      { publicUrl, session: { idleLifetime: '15m' } },
      'session.idleLifetime',
    ],
    ['plain http beyond this machine', { publicUrl: 'http://a.example', session: {} }, 'publicUrl'],
    ['an unknown transfer', { publicUrl, session: { transfer: 'pigeon' } }, 'session.transfer'],
    [
      'an older domain with a leading dot',
      { publicUrl, session: { olderCookieDomain: '.a.example' } },
      'session.olderCookieDomain',
    ],
  ])('C9 %s stops the boot', async (_, given, option) => {
    const error = await bootFailure(rootModule({ options: given as never }));
    expect(error).toMatchObject({ name: 'AuthConfigError', option });
  });
});
