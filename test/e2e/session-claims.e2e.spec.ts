import { Body, Controller, Get, Inject, Injectable, Module, Post } from '@nestjs/common';
import {
  AuthConfigError,
  AuthModule,
  AuthService,
  CurrentSession,
  CurrentToken,
  defineClaim,
  RequestSession,
  RequireToken,
  Session,
  Token,
  type AuthModuleOptions,
  type JsonValue,
} from 'nest-latchkey';
import { Api, bearer, bootFailure, decoded, describeOnBoth, expectRefusal, issuer, secret } from './fixture.js';
import { cookiesOf, expectUntouched, frontTokenOf, LogInController, SessionClient } from './session-client.js';

const publicUrl = 'http://127.0.0.1:3000';

/** What the application knows of its users; tests change it. */
@Injectable()
class Users {
  roles: unknown = ['reader'];
  isVerified: boolean | undefined = true;
  isDown = false;
  /** Of whom it was asked. */
  asked: string[] = [];

  rolesOf(subject: string): string[] {
    this.asked.push(subject);
    if (this.isDown) throw new Error('the users cannot be asked');
    return this.roles as string[];
  }
}

const roles = defineClaim<string[]>({ key: 'roles', fetch: ({ subject }, find) => find(Users).rolesOf(subject) });
const verified = defineClaim<boolean>({
  key: 'verified',
  fetch: async (_session, find) => find(Users).isVerified,
  maxAge: '5m',
});

@Controller()
class RoutesController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @RequireToken({ session: true })
  @Get('session')
  session(@CurrentSession() session: RequestSession) {
    return { ...session.toJSON(), roles: session.claim(roles) };
  }

  @RequireToken({ session: true })
  @Get('parts')
  parts(@CurrentSession('subject') subject: string, @CurrentSession('claims.theme') theme: unknown) {
    return { subject, theme };
  }

  @RequireToken({ session: true, optional: true })
  @Get('anybody')
  anybody(@CurrentSession() session: RequestSession | null, @CurrentSession('id') id: string | null) {
    return { session: session === null ? null : session.subject, id };
  }

  @RequireToken({ session: { claims: [roles.includes('admin')] } })
  @Get('admin')
  admin(@CurrentToken() token: Token) {
    return { roles: token.claims['roles'] };
  }

  @RequireToken({ session: { claims: [roles.includes('admin', { maxAge: '1m' }), verified.isTrue()] } })
  @Get('recent-admin')
  recentAdmin(@CurrentSession() session: RequestSession) {
    return { roles: session.claim(roles), claims: session.claims };
  }

  @RequireToken({ session: true })
  @Post('claims')
  async merge(@CurrentSession() session: RequestSession, @Body() changes: Record<string, JsonValue>) {
    await this.auth.mergeSessionClaims(session, changes);
    return session.claims;
  }

  @RequireToken({ session: true })
  @Post('claims-at-once')
  async mergeAtOnce(@CurrentSession() session: RequestSession) {
    await Promise.all(
      ['one', 'other', 'third', 'fourth'].map((name) => this.auth.mergeSessionClaims(session, { [name]: true })),
    );
    return session.claims;
  }

  @RequireToken({ session: true })
  @Post('claims-after-the-end')
  async mergeLate(@CurrentSession() session: RequestSession) {
    await this.auth.revokeSession(session.id);
    return this.auth.mergeSessionClaims(session, { theme: 'dark' });
  }

  @RequireToken({ session: true })
  @Post('data')
  async data(@CurrentSession() session: RequestSession, @Body() data: Record<string, JsonValue>) {
    const before = (await this.auth.getSession(session.id))?.data;
    return { before, updated: await this.auth.updateSessionData(session.id, data) };
  }
}

const controllers = [LogInController, RoutesController];
const fixture = { options: { publicUrl, session: { claims: [roles, verified] } }, controllers, providers: [Users] };

describeOnBoth('claims of a session', fixture, (api) => {
  let users: Users;
  beforeEach(() => {
    users = api.app.get(Users);
    Object.assign(users, { roles: ['reader'], isVerified: true, isDown: false, asked: [] });
  });
  const client = async (mode: 'cookie' | 'header' = 'header') => {
    const one = new SessionClient(api, mode);
    await one.logIn();
    return one;
  };

  describe('that the application fetches', () => {
    it('S3 are in the token and in front-token, as SuperTokens has them', async () => {
      const one = new SessionClient(api, 'header');
      const answer = await one.logIn();
      const t = api.clock.now();
      expect(decoded(one.access)).toMatchObject({ roles: { v: ['reader'], t }, verified: { v: true, t } });
      expect(frontTokenOf(answer).up).toEqual(decoded(one.access));
      expect(users.asked).toEqual(['alice']);
    });

    it('are fetched anew at each refresh', async () => {
      const one = await client();
      users.roles = ['admin'];
      api.clock.advance(60);
      await one.refresh();
      expect(decoded(one.access)['roles']).toEqual({ v: ['admin'], t: api.clock.now() });
    });

    it('S39 hold, and nothing is asked', async () => {
      users.roles = ['admin'];
      const one = await client();
      users.asked = [];
      const answer = await one.call('GET', '/admin');
      expect([answer.status, users.asked]).toEqual([200, []]);
      expectUntouched(answer);
    });

    it.each(['cookie', 'header'] as const)('S39 do not hold: 403 says which and why (%s)', async (mode) => {
      const one = await client(mode);
      const answer = await one.call('GET', '/admin');
      expect([answer.status, answer.body]).toEqual([
        403,
        {
          ...{ statusCode: 403, error: 'insufficient_scope', errorCode: 'claim_invalid', message: 'invalid claim' },
          claimValidationErrors: [
            { id: 'roles', reason: { message: 'wrong value', expectedToInclude: 'admin', actualValue: ['reader'] } },
          ],
        },
      ]);
      expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"');
      expectUntouched(answer);
    });

    it('S39 are too old for the route: fetched anew, and the answer has the newer token', async () => {
      const one = await client();
      const before = decoded(one.access);
      users.roles = ['admin'];
      api.clock.advance(60);
      // a minute is not more than a minute
      expect((await one.call('GET', '/recent-admin')).status).toBe(403);
      api.clock.advance(1);
      const answer = await one.call('GET', '/recent-admin');
      expect([answer.status, answer.body['roles']]).toEqual([200, ['admin']]);
      const newer = answer.headers['st-access-token'] as string;
      expect(answer.headers['st-refresh-token']).toBeUndefined();
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['access-control-expose-headers']).toBe('front-token, st-access-token');
      const claims = decoded(newer);
      expect(frontTokenOf(answer)).toEqual({ uid: 'alice', ate: before['exp'] * 1000, up: claims });
      expect(answer.body['claims']).toEqual(claims);
      expect(claims).toEqual({
        ...before,
        ...{ roles: { v: ['admin'], t: api.clock.now() } },
        ...{ iat: before['iat'] + 61, nbf: before['iat'] + 61, orig_iat: before['iat'], jti: claims['jti'] },
      });
      expect(claims['jti']).toBe(before['jti']);
      // with the newer token nothing is to be asked again
      users.asked = [];
      expect((await api.get('/recent-admin', newer)).status).toBe(200);
      expect(users.asked).toEqual([]);
    });

    it('S39 are too old: the newer token goes into the cookie it came by, and the 403 carries it too', async () => {
      const one = await client('cookie');
      users.roles = ['writer'];
      api.clock.advance(61);
      const answer = await one.call('GET', '/recent-admin');
      expect(answer.status).toBe(403);
      const { sAccessToken, ...others } = cookiesOf(answer);
      expect(others).toEqual({});
      expect(sAccessToken!.attributes).toEqual({
        ...{ path: '/', httponly: true, samesite: 'Lax' },
        expires: new Date(api.clock.now() + 365 * 86_400_000).toUTCString(),
      });
      expect(decoded(sAccessToken!.value)['roles']).toEqual({ v: ['writer'], t: api.clock.now() });
      expect(frontTokenOf(answer).up).toEqual(decoded(sAccessToken!.value));
      expect(answer.headers['st-access-token']).toBeUndefined();
    });

    it('S39 cannot be fetched: 503, never 403, and nobody is logged out', async () => {
      const one = await client();
      users.isDown = true;
      api.clock.advance(61);
      const requests = [
        ['GET', '/recent-admin', one.access],
        ['POST', '/auth/session/refresh', one.refreshToken],
      ] as const;
      for (const [method, path, token] of requests) {
        const answer = await api.send(method, path, { headers: bearer(token), mayFail: true });
        expectRefusal(answer, 'store_unavailable');
        expect(answer.headers['retry-after']).toBe('1');
        expectUntouched(answer);
      }
      await expect(api.auth.createSession('alice')).rejects.toMatchObject({ code: 'store_unavailable' });
      users.isDown = false;
      users.roles = ['admin'];
      expect((await one.call('GET', '/recent-admin')).status).toBe(200);
      expect((await one.refresh()).status).toBe(200);
    });

    it('are missing in an older token: fetched, and refused where there is nothing', async () => {
      users.isVerified = undefined;
      users.roles = ['admin'];
      const one = await client();
      const answer = await one.call('GET', '/recent-admin');
      expect([answer.status, answer.body['claimValidationErrors']]).toEqual([
        403,
        [{ id: 'verified', reason: { message: 'value does not exist', expectedValue: true } }],
      ]);
      const { sid, rti } = decoded(one.access);
      expect((await api.get('/recent-admin', api.token({ sid, rti }))).body['claimValidationErrors']).toHaveLength(1);
      users.isVerified = true;
      const renewed = await api.get('/recent-admin', api.token({ sid, rti }));
      expect([renewed.status, decoded(renewed.headers['st-access-token'] as string)['rti']]).toEqual([200, rti]);
    });

    it('cannot be set by hand', async () => {
      const one = await client();
      const code = 'reserved_claim';
      await expect(api.auth.createSession('alice', { claims: { roles: ['admin'] } })).rejects.toMatchObject({ code });
      const { sid } = decoded(one.access);
      await expect(api.auth.mergeSessionClaims(sid, { roles: { v: ['admin'], t: 1 } })).rejects.toMatchObject({ code });
    });

    it('are checked by AuthService.verify() as well', async () => {
      const one = await client();
      const options = { session: { claims: [roles.includes('admin', { maxAge: '1m' })] } };
      await expect(api.auth.verify(one.access, options)).rejects.toMatchObject({ code: 'claim_invalid' });
      users.roles = ['admin'];
      api.clock.advance(61);
      expect((await api.auth.verify(one.access, options)).claims['roles']).toMatchObject({ v: ['admin'] });
      const stranger = defineClaim<string>({ key: 'stranger', fetch: () => 'x' });
      await expect(
        api.auth.verify(one.access, { session: { claims: [stranger.hasValue('x')] } }),
      ).rejects.toMatchObject({ code: 'invalid_argument' });
    });

    it('S27 S39 keep nobody from signing out', async () => {
      const one = await client();
      users.isDown = true;
      expect((await one.call('POST', '/auth/signout')).body).toEqual({ status: 'OK' });
    });
  });

  describe('on routes of sessions', () => {
    it('tell whose it is, without a look into the store', async () => {
      const one = await client();
      const { sid } = decoded(one.access);
      expect((await one.call('GET', '/session')).body).toEqual({
        ...{ id: sid, subject: 'alice', tenant: null, claims: decoded(one.access), roles: ['reader'] },
      });
      expect((await one.call('GET', '/parts')).text).toBe('{"subject":"alice","theme":null}');
    });

    it('refuse a token of no session', async () => {
      const tokens = await api.auth.issueTokens('alice');
      for (const path of ['/session', '/anybody', '/admin'])
        expectRefusal(await api.get(path, tokens.access_token), 'wrong_token_type');
      expectRefusal(await api.get('/session'), 'token_missing');
    });

    it('refuse a token of a session that has ended', async () => {
      const one = await client();
      await api.auth.revokeSession(decoded(one.access)['sid']);
      expectRefusal(await one.call('GET', '/session'), 'token_revoked');
    });

    it('S11 are optional for nobody, and closed to garbage and to what has expired', async () => {
      const one = await client();
      expect((await api.get('/anybody')).text).toBe('{"session":null,"id":null}');
      expect((await one.call('GET', '/anybody')).body['session']).toBe('alice');
      const garbage = await api.get('/anybody', 'garbage');
      expectRefusal(garbage, 'token_invalid');
      expect(garbage.body['message']).toBe('unauthorised');
      api.clock.advance(906);
      const expired = await one.call('GET', '/anybody');
      expectRefusal(expired, 'token_expired');
      expect(expired.body['message']).toBe('try refresh token');
    });
  });

  describe('that a handler changes', () => {
    it('S38 in cookies: a newer access token and front-token in that answer, other tabs after their refresh', async () => {
      const one = await client('cookie');
      const merge = (changes: object) => one.post('/claims', changes);
      const before = decoded(one.access);
      const merged = await merge({ theme: 'dark', city: 'Ærø' });
      const { sAccessToken, ...others } = cookiesOf(merged);
      expect(others).toEqual({});
      const claims = decoded(sAccessToken!.value);
      expect(claims).toEqual({ ...before, theme: 'dark', city: 'Ærø', jti: claims['jti'], orig_iat: before['iat'] });
      expect(merged.body).toEqual(claims);
      expect(frontTokenOf(merged)).toEqual({ uid: 'alice', ate: before['exp'] * 1000, up: claims });
      expect(merged.headers['cache-control']).toBe('no-store');
      await one.refresh();
      expect(decoded(one.access)).toMatchObject({ theme: 'dark', city: 'Ærø', sid: before['sid'] });
      // null takes one away, here and after the refresh
      expect(decoded(cookiesOf(await merge({ theme: null }))['sAccessToken']!.value)['theme']).toBeUndefined();
      await one.refresh();
      expect(decoded(one.access)).not.toHaveProperty('theme');
      expect(decoded(one.access)['city']).toBe('Ærø');
    });

    it('S38 in headers', async () => {
      const one = await client();
      const answer = await api.post('/claims', one.access, { theme: 'dark' });
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.headers['st-refresh-token']).toBeUndefined();
      expect(decoded(answer.headers['st-access-token'] as string)['theme']).toBe('dark');
      expect(answer.headers['access-control-expose-headers']).toBe('front-token, st-access-token');
      // the token before it is good until it expires: another tab may hold it
      expect((await one.call('GET', '/session')).status).toBe(200);
    });

    it.each(['sub', 'sid', 'exp', 'rti', 'rtp', 'tid', 'csrf', 'scope', 'roles'])(
      'S38 cannot set %s, which is protected',
      async (name) => {
        const one = await client();
        const answer = await api.send('POST', '/claims', {
          ...{ headers: bearer(one.access), body: { [name]: 'x' }, mayFail: true },
        });
        expectRefusal(answer, 'reserved_claim');
        expectUntouched(answer);
        for (const value of ['x', null]) {
          const byId = api.auth.mergeSessionClaims(decoded(one.access)['sid'], { [name]: value });
          await expect(byId).rejects.toMatchObject({ code: 'reserved_claim' });
        }
        await one.refresh();
        expect(decoded(one.access)[name]).not.toBe('x');
      },
    );

    it('S38 several at once in one request: the token has all', async () => {
      const one = await client();
      const answer = await api.post('/claims-at-once', one.access);
      const all = { one: true, other: true, third: true, fourth: true };
      expect(answer.body).toMatchObject(all);
      expect(decoded(answer.headers['st-access-token'] as string)).toMatchObject(all);
      await one.refresh();
      expect(decoded(one.access)).toMatchObject(all);
    });

    it('S38 of a session that has ended meanwhile: 401, and no newer token', async () => {
      const one = await client();
      const answer = await api.post('/claims-after-the-end', one.access);
      expectRefusal(answer, 'token_revoked');
      expectUntouched(answer);
    });

    it('S38 in an answer that comes late, after a refresh: nobody is logged out, and the next refresh has all', async () => {
      const one = await client('cookie');
      const late = await one.post('/claims', { theme: 'dark' });
      users.roles = ['admin'];
      await one.refresh();
      expect((await one.call('GET', '/admin')).status).toBe(200);
      one.access = cookiesOf(late)['sAccessToken']!.value;
      const older = await one.call('GET', '/session');
      expect([older.status, older.body['roles']]).toEqual([200, ['reader']]);
      api.clock.advance(906);
      expectRefusal(await one.call('GET', '/session'), 'token_expired');
      expect((await one.refresh()).status).toBe(200);
      expect(decoded(one.access)).toMatchObject({ theme: 'dark', roles: { v: ['admin'] } });
    });

    it('S38 refuses claims that no cookie holds: the session goes on without them', async () => {
      const one = await client('cookie');
      const answer = await one.post('/claims', { theme: 'x'.repeat(3_500) }, { mayFail: true });
      expectRefusal(answer, 'invalid_argument');
      expectUntouched(answer);
      expect((await one.refresh()).status).toBe(200);
      expect(decoded(one.access)).not.toHaveProperty('theme');
    });

    it('S38 refuses claims that no token holds, by id too', async () => {
      const { sid, refresh_token: refreshToken } = await api.auth.createSession('alice');
      const large = 'x'.repeat(8_000);
      expect(await api.auth.mergeSessionClaims(sid, { one: large })).toBe(true);
      await expect(api.auth.mergeSessionClaims(sid, { other: large })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
      expect(decoded((await api.auth.refreshSession(refreshToken)).access_token)['one']).toBe(large);
      expect(await api.auth.mergeSessionClaims(sid, { one: null, other: 'small' })).toBe(true);
    });

    it('S38 refuses claims that no token holds beside the scope, the tenant and what is fetched', async () => {
      users.roles = ['r'.repeat(2_000)];
      const options = { scope: 's'.repeat(3_000), tenant: 't'.repeat(1_000), audience: ['https://api.example.com'] };
      const { sid, refresh_token: refreshToken } = await api.auth.createSession('alice', options);
      const merged = api.auth.mergeSessionClaims(sid, { theme: 'x'.repeat(6_000) });
      await expect(merged).rejects.toMatchObject({ code: 'invalid_argument' });
      const { access_token: access } = await api.auth.refreshSession(refreshToken);
      expect(decoded(access)).not.toHaveProperty('theme');
    });

    it('S38 refuses claims that do not fit beside those of another tab, which this token does not hold yet', async () => {
      const one = await client('cookie');
      const { sid } = decoded(one.access);
      expect(await api.auth.mergeSessionClaims(sid, { other: 'x'.repeat(1_500) })).toBe(true);
      const answer = await one.post('/claims', { theme: 'x'.repeat(1_500) }, { mayFail: true });
      expectRefusal(answer, 'invalid_argument');
      expect((await one.refresh()).status).toBe(200);
    });

    it('S38 by its id: false for none, and after the next refresh for one that lives', async () => {
      const one = await client();
      const { sid } = decoded(one.access);
      expect(await api.auth.mergeSessionClaims('00000000-0000-4000-8000-000000000000', { theme: 'dark' })).toBe(false);
      expect(await api.auth.mergeSessionClaims(sid, { theme: 'dark' })).toBe(true);
      expect((await api.auth.getSession(sid))!.claims).toEqual({ theme: 'dark' });
      await one.refresh();
      expect(decoded(one.access)['theme']).toBe('dark');
      await api.auth.revokeSession(sid);
      expect(await api.auth.mergeSessionClaims(sid, { theme: 'light' })).toBe(false);
    });

    it('RR-02 leaves the rotation as it was: the first use of the newer token counts as that of the older', async () => {
      const one = await client();
      await one.refresh();
      await one.call('GET', '/session');
      const r1 = one.refreshToken;
      await one.refresh();
      // within the leeway of the last move: the older token is used, and counts for nothing yet
      const { rti, rtp } = decoded(one.access);
      const newer = (await api.post('/claims', one.access, { theme: 'dark' })).headers['st-access-token'] as string;
      expect(decoded(newer)).toMatchObject({ rti, rtp });
      api.clock.advance(11);
      expect((await api.get('/session', newer)).status).toBe(200);
      // its parent was overtaken by that use: it comes back as a theft
      api.clock.advance(11);
      const replayed = await api.send('POST', '/auth/session/refresh', { headers: bearer(r1) });
      expect([replayed.status, replayed.body['message']]).toEqual([401, 'token theft detected']);
      expectRefusal(await api.get('/session', newer), 'token_revoked');
    });

    it('RV-09 dies with all tokens of its subject, as the token before it', async () => {
      const one = await client();
      const newer = (await api.post('/claims', one.access, { theme: 'dark' })).headers['st-access-token'] as string;
      await api.auth.revokeAll('alice');
      expectRefusal(await api.get('/session', newer), 'token_revoked');
    });

    it('SF-03 lives no longer than the token before it', async () => {
      const one = await client();
      api.clock.advance(890);
      const newer = (await api.post('/claims', one.access, { theme: 'dark' })).headers['st-access-token'] as string;
      expect(decoded(newer)['exp']).toBe(decoded(one.access)['exp']);
      api.clock.advance(16);
      expectRefusal(await api.get('/session', newer), 'token_expired');
    });
  });

  describe('and its data', () => {
    it('which is written whole, and seen by the server alone', async () => {
      const one = await client();
      expect((await api.post('/data', one.access, { cart: [1] })).body).toEqual({ before: {}, updated: true });
      const answer = await api.post('/data', one.access, { other: true });
      expect(answer.body).toEqual({ before: { cart: [1] }, updated: true });
      expectUntouched(answer);
      await one.refresh();
      expect(JSON.stringify(decoded(one.access))).not.toMatch(/cart|other/);
      expect((await api.auth.getSession(decoded(one.access)['sid']))!.data).toEqual({ other: true });
    });

    it('which is written by id: false for no session, and for one that has ended', async () => {
      const one = await client();
      const { sid } = decoded(one.access);
      expect(await api.auth.updateSessionData('nobody', {})).toBe(false);
      await api.auth.revokeSession(sid);
      expect(await api.auth.updateSessionData(sid, { a: 1 })).toBe(false);
      await expect(api.auth.updateSessionData(sid, [] as never)).rejects.toMatchObject({ code: 'invalid_argument' });
    });
  });
});

describeOnBoth(
  'claims of a session with anti-CSRF values',
  { ...fixture, options: { publicUrl, session: { claims: [roles, verified], antiCsrf: 'token' } } },
  (api) => {
    it('S37 S38 the value is the same after a change', async () => {
      const one = new SessionClient(api, 'cookie');
      await one.logIn();
      const send = (token: string) => {
        const headers = [
          ['Cookie', `sAccessToken=${token}`],
          ['anti-csrf', one.antiCsrf!],
        ] as const;
        return api.send('POST', '/claims', { headers, body: { theme: 'dark' } });
      };
      const answer = await send(one.access);
      expect([answer.status, answer.headers['anti-csrf']]).toEqual([201, undefined]);
      expect((await send(cookiesOf(answer)['sAccessToken']!.value)).status).toBe(201);
      expect((await one.refresh()).status).toBe(200);
    });

    it('S37 S38 a late answer puts an older token beside the newest value: the client refreshes once', async () => {
      const one = new SessionClient(api, 'cookie');
      await one.logIn();
      const late = await one.post('/claims', { theme: 'dark' });
      await one.refresh();
      one.access = cookiesOf(late)['sAccessToken']!.value;
      const answer = await one.post('/claims', { theme: 'light' });
      expect([answer.status, answer.body['message']]).toEqual([401, 'try refresh token']);
      expect((await one.refresh()).status).toBe(200);
      expect((await one.post('/claims', { theme: 'light' })).status).toBe(201);
    });
  },
);

describeOnBoth(
  'claims of sessions in cookies alone',
  { ...fixture, options: { publicUrl, session: { claims: [roles, verified], transfer: 'cookie' } } },
  (api) => {
    it('S38 refuses by id what no cookie holds: the session goes on without it', async () => {
      const one = new SessionClient(api, 'cookie');
      await one.logIn();
      const merged = api.auth.mergeSessionClaims(decoded(one.access)['sid'], { theme: 'x'.repeat(3_500) });
      await expect(merged).rejects.toMatchObject({ code: 'invalid_argument' });
      expect((await one.refresh()).status).toBe(200);
      expect(decoded(one.access)).not.toHaveProperty('theme');
    });

    it('begins no session outside a request that no cookie holds', async () => {
      const claims = { theme: 'x'.repeat(3_500) };
      await expect(api.auth.createSession('large', { claims })).rejects.toMatchObject({ code: 'invalid_argument' });
      expect(await api.auth.listSessions({ subject: 'large' })).toEqual([]);
    });
  },
);

describeOnBoth('sessions of tenants', fixture, (api) => {
  it('S31 carry their tenant, and are listed and ended by it', async () => {
    const acme = await api.auth.createSession('tina', { tenant: 'acme' });
    const other = await api.auth.createSession('tina', { tenant: 'other' });
    const none = await api.auth.createSession('tina');
    expect(decoded(acme.access_token)['tid']).toBe('acme');
    expect(decoded(none.access_token)).not.toHaveProperty('tid');
    expect((await api.get('/session', acme.access_token)).body['tenant']).toBe('acme');
    const refreshed = await api.auth.refreshSession(acme.refresh_token);
    expect(decoded(refreshed.access_token)['tid']).toBe('acme');
    const merged = await api.post('/claims', refreshed.access_token, { theme: 'dark' });
    expect(decoded(merged.headers['st-access-token'] as string)['tid']).toBe('acme');
    expect((await api.auth.listSessions({ subject: 'tina', tenant: 'acme' })).map(({ id }) => id)).toEqual([acme.sid]);
    expect(await api.auth.revokeSessions({ subject: 'tina', tenant: 'acme' })).toEqual([acme.sid]);
    expectRefusal(await api.get('/session', acme.access_token), 'token_revoked');
    expect((await api.get('/session', other.access_token)).status).toBe(200);
    expect((await api.get('/session', none.access_token)).status).toBe(200);
  });

  it('S38 nobody names a tenant but createSession()', async () => {
    await expect(api.auth.createSession('tina', { claims: { tid: 'acme' } })).rejects.toMatchObject({
      code: 'reserved_claim',
    });
  });
});

describe('a boot', () => {
  const failureOf = async (session: AuthModuleOptions['session'], controller?: new () => object) => {
    @Module({
      imports: [AuthModule.forRoot({ jwt: { issuer, secret }, publicUrl, session })],
      controllers: controller === undefined ? [] : [controller],
    })
    class BadModule {}
    const error = await bootFailure(BadModule);
    expect(error).toBeInstanceOf(AuthConfigError);
    return (error as AuthConfigError).option;
  };
  const claimOf = (key: string) => defineClaim<string>({ key, fetch: () => 'x' });

  it.each(['sub', 'sid', 'tid', 'scope', 'type'])('is stopped by a claim called %s', async (key) => {
    expect(await failureOf({ claims: [claimOf(key)] })).toBe('session.claims[0]');
  });

  it('is stopped by two claims of one name, and by what is no claim', async () => {
    expect(await failureOf({ claims: [roles, claimOf('roles')] })).toBe('session.claims[1]');
    expect(await failureOf({ claims: [{ key: 'roles' }] as never })).toBe('session.claims[0]');
    expect(await failureOf({ claims: {} as never })).toBe('session.claims');
  });

  it('S39 is stopped by a route that asks for a claim which nobody fetches', async () => {
    @Controller()
    class StrangerController {
      @RequireToken({ session: { claims: [claimOf('roles').hasValue('x')] } })
      @Get('stranger')
      stranger() {
        return {};
      }
    }
    expect(await failureOf({ claims: [roles] }, StrangerController)).toBe('StrangerController.stranger');
  });

  it('is stopped by @CurrentSession() on a route that takes other tokens too', async () => {
    @Controller()
    class LooseController {
      @RequireToken()
      @Get('loose')
      loose(@CurrentSession() session: RequestSession) {
        return session;
      }
    }
    expect(await failureOf({}, LooseController)).toBe('LooseController.loose');
  });
});

describe('one process, many changes', () => {
  const api = new Api('express', fixture);
  beforeAll(() => api.start());
  afterAll(() => api.stop());

  it('S38 loses none of twenty that come at once', async () => {
    const { sid, refresh_token: refreshToken } = await api.auth.createSession('zoe');
    const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
    await Promise.all(names.map((name) => api.auth.mergeSessionClaims(sid, { [name]: name })));
    const claims = Object.fromEntries(names.map((name) => [name, name]));
    expect((await api.auth.getSession(sid))!.claims).toEqual(claims);
    expect(decoded((await api.auth.refreshSession(refreshToken)).access_token)).toMatchObject(claims);
  });
});

describe('claims of a session and hooks.sessionGrant', () => {
  const plans: Record<string, string> = { free: 'pro', large: 'x'.repeat(1_500) };
  const sessionGrant = ({ claims }: Session) =>
    'plan' in claims ? { claims: { ...claims, plan: plans[claims['plan'] as string]! } } : {};
  const api = new Api('express', { ...fixture, options: { ...fixture.options, hooks: { sessionGrant } } });
  beforeAll(() => api.start());
  afterAll(() => api.stop());

  it('S38 the hook sees what was merged, and has the last word', async () => {
    const { sid, refresh_token: r0 } = await api.auth.createSession('alice');
    await api.auth.mergeSessionClaims(sid, { theme: 'dark' });
    const r1 = await api.auth.refreshSession(r0);
    expect(decoded(r1.access_token)).toMatchObject({ theme: 'dark', roles: { v: ['reader'] } });
    await api.auth.mergeSessionClaims(sid, { plan: 'free' });
    const r2 = await api.auth.refreshSession(r1.refresh_token);
    expect(decoded(r2.access_token)).toMatchObject({ theme: 'dark', plan: 'pro' });
    // its word is of that refresh: the session keeps what was merged
    expect((await api.auth.getSession(sid))!.claims).toEqual({ theme: 'dark', plan: 'free' });
  });

  it('S38 refuses what does not fit into the cookie beside the word of the hook: nothing is written', async () => {
    const one = new SessionClient(api, 'cookie');
    await one.logIn('alice', { plan: 'large' });
    await one.refresh();
    const answer = await one.post('/claims', { theme: 'x'.repeat(1_500) }, { mayFail: true });
    expectRefusal(answer, 'invalid_argument');
    expectUntouched(answer);
    expect((await api.auth.getSession(decoded(one.access)['sid']))!.claims).toEqual({ plan: 'large' });
  });
});
