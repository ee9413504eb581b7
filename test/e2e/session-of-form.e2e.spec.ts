import { Controller, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { AuthService, CurrentSession, Public, RequestSession, RequireToken } from 'nest-latchkey';
import { decoded, describeOnBoth } from './fixture.js';
import { cookiesOf, expectCleared } from './session-client.js';

/** What forms post to: they send no header of SuperTokens' client. */
@Controller()
class FormController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @Public()
  @Post('log-in/:transfer')
  logIn(
    @Param('transfer') transfer: 'cookie' | 'header',
    @Req() request: object,
    @Res({ passthrough: true }) response: object,
  ) {
    return this.auth.createSession('alice', {}, { request, response, transfer });
  }

  @RequireToken({ session: true, csrf: false })
  @Post('log-out')
  async logOut(@CurrentSession() session: RequestSession) {
    return { first: await this.auth.revokeSession(session) };
  }
}

const controllers = [FormController];
const publicUrl = 'http://127.0.0.1:3000';

describeOnBoth('a session that a form begins and ends', { options: { publicUrl, session: {} }, controllers }, (api) => {
  it.each([[undefined], ['header']])('is in cookies where the application says so, whatever %s asks', async (mode) => {
    const headers = mode === undefined ? [] : [['st-auth-mode', mode] as const];
    const answer = await api.send('POST', '/log-in/cookie', { headers });
    expect(answer.body).toEqual({});
    expect(Object.keys(cookiesOf(answer)).toSorted()).toEqual(['sAccessToken', 'sRefreshToken']);
    expect(answer.headers['st-access-token']).toBeUndefined();
  });

  it('is in headers where the application says so', async () => {
    const answer = await api.send('POST', '/log-in/header', { headers: [['st-auth-mode', 'cookie']] });
    expect(answer.body['access_token']).toBe(answer.headers['st-access-token']);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('leaves nothing with the browser at the log-out', async () => {
    const access = cookiesOf(await api.send('POST', '/log-in/cookie'))['sAccessToken']!.value;
    const headers = [['Cookie', `sAccessToken=${access}`]] as const;
    const answer = await api.send('POST', '/log-out', { headers });
    expect(answer.body).toEqual({ first: true });
    expectCleared(answer);
    expect((await api.send('POST', '/log-out', { headers })).status).toBe(401);
    expect((await api.get('/protected', access)).status).toBe(401);
    expect(await api.auth.getSession(decoded(access)['sid'])).toBeUndefined();
  });
});

describeOnBoth(
  'a session that can be in cookies alone',
  { options: { publicUrl, session: { transfer: 'cookie' } }, controllers },
  (api) => {
    it('is none where the application wants headers, and the one before lives on', async () => {
      const access = cookiesOf(await api.send('POST', '/log-in/cookie'))['sAccessToken']!.value;
      const headers = [['Cookie', `sAccessToken=${access}`]] as const;
      const answer = await api.send('POST', '/log-in/header', { headers, mayFail: true });
      expect([answer.status, answer.body['errorCode']]).toEqual([500, 'invalid_argument']);
      expect(answer.headers['st-access-token']).toBeUndefined();
      expect(await api.auth.getSession(decoded(access)['sid'])).toBeDefined();
    });
  },
);
