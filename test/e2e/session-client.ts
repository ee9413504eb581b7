import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { AuthService } from 'nest-latchkey';
import { setCookiesOf, type SetCookie } from './browser.js';
import type { Answer, Api, HeaderLines } from './fixture.js';

/** A log-in of a test application: whoever says a name is that user. */
@Controller()
export class LogInController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @Post('login')
  @HttpCode(200)
  logIn(
    @Body() body: { subject: string; claims?: Record<string, string> },
    @Req() request: object,
    @Res({ passthrough: true }) response: object,
  ) {
    const { subject, claims = {} } = body;
    return this.auth.createSession(subject, { scope: { read: true }, claims }, { request, response });
  }
}

/** The cookies that an answer sets, by name; their values as the client means them. */
export function cookiesOf(answer: Answer): Record<string, SetCookie> {
  const cookies = setCookiesOf(answer).map((cookie) => ({ ...cookie, value: decodeURIComponent(cookie.value) }));
  return Object.fromEntries(cookies.map((cookie) => [cookie.name, cookie]));
}

/** What the header `front-token` says; the client decodes it by atob(). */
export function frontTokenOf(answer: Answer): { uid: string; ate: number; up: Record<string, any> } {
  return JSON.parse(Buffer.from(answer.headers['front-token'] as string, 'base64').toString('utf8'));
}

/** The client of one user: keeps what the server sends and sends it back, as supertokens-website does. */
export class SessionClient {
  access = '';
  refreshToken = '';
  antiCsrf: string | undefined;

  constructor(
    private readonly api: Api,
    private readonly mode: 'cookie' | 'header',
  ) {}

  async logIn(
    subject = 'alice',
    claims: Record<string, string> = {},
    headers: HeaderLines = [],
    options: { mayFail?: boolean } = {},
  ): Promise<Answer> {
    const answer = await this.api.send('POST', '/login', {
      headers: [['st-auth-mode', this.mode], ...headers],
      body: { subject, claims },
      ...options,
    });
    this.keep(answer);
    return answer;
  }

  /** A request with the access token, and `rid` as the client always sends it. */
  call(
    method: string,
    path: string,
    headers: HeaderLines = [['rid', 'anti-csrf']],
    options: { body?: object; mayFail?: boolean } = {},
  ): Promise<Answer> {
    return this.api.send(method, path, { headers: [...this.credentials('access'), ...headers], ...options });
  }

  /** {@link call} with a body. */
  post(path: string, body: object, options: { mayFail?: boolean } = {}): Promise<Answer> {
    return this.call('POST', path, undefined, { body, ...options });
  }

  async refresh(headers: HeaderLines = [['rid', 'session']]): Promise<Answer> {
    const answer = await this.api.send('POST', '/auth/session/refresh', {
      headers: [...this.credentials('refresh'), ...headers],
    });
    if (answer.status === 200) this.keep(answer);
    return answer;
  }

  private credentials(kind: 'access' | 'refresh'): HeaderLines {
    const token = kind === 'access' ? this.access : this.refreshToken;
    if (this.mode === 'header') return [['Authorization', `Bearer ${token}`]];
    const name = kind === 'access' ? 'sAccessToken' : 'sRefreshToken';
    const lines: HeaderLines = [
      ['Cookie', `${name}=${encodeURIComponent(token)}`],
      ['st-auth-mode', 'cookie'],
    ];
    return this.antiCsrf === undefined ? lines : [...lines, ['anti-csrf', this.antiCsrf]];
  }

  private keep(answer: Answer): void {
    const cookies = cookiesOf(answer);
    const { headers } = answer;
    this.access = cookies['sAccessToken']?.value || String(headers['st-access-token']);
    this.refreshToken = cookies['sRefreshToken']?.value || String(headers['st-refresh-token']);
    this.antiCsrf = (headers['anti-csrf'] as string | undefined) ?? this.antiCsrf;
  }
}

/** Both modes are cleared, with the attributes that they were set with. */
export function expectCleared(answer: Answer, attributes: Record<string, string> = {}): void {
  const cookies = cookiesOf(answer);
  const gone = { expires: 'Thu, 01 Jan 1970 00:00:00 GMT', ...attributes };
  expect(cookies['sAccessToken']).toMatchObject({ value: '', attributes: { path: '/', ...gone } });
  expect(cookies['sRefreshToken']).toMatchObject({
    value: '',
    attributes: { path: '/auth/session/refresh', ...gone },
  });
  const { 'front-token': front, 'st-access-token': access, 'st-refresh-token': refresh } = answer.headers;
  expect({ front, access, refresh }).toEqual({ front: 'remove', access: '', refresh: '' });
}

/** Nothing that makes a client forget its session. */
export function expectUntouched(answer: Answer): void {
  expect(answer.headers['set-cookie']).toBeUndefined();
  expect(answer.headers['front-token']).toBeUndefined();
  expect(answer.headers['st-access-token']).toBeUndefined();
}
