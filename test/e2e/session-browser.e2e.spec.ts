import { jest } from '@jest/globals';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Header, Inject, Post } from '@nestjs/common';
import { build } from 'esbuild';
import {
  AuthModule,
  AuthService,
  CurrentSession,
  defineClaim,
  Public,
  RequestSession,
  RequireToken,
} from 'nest-latchkey';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { adapters, Api, decoded, type Adapter } from './fixture.js';
import { LogInController } from './session-client.js';

// a browser takes its time, above all beside other suites
jest.setTimeout(30_000);

/*
 * S46: the browser package of SuperTokens, unmodified, in Chromium, against our routes. It patches fetch(): what a page
 * writes is plain fetch(), and the package adds its headers, refreshes and tries again.
 */
const executable = '/usr/bin/chromium';
const switches =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

const html = '<!doctype html><meta charset="utf-8"><title>A client</title><script src="/client.js"></script>';
let script = '';

const roles = defineClaim<string[]>({ key: 'roles', fetch: () => ['reader'] });

@Controller()
class PageController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @Public()
  @Get('page')
  @Header('Content-Type', 'text/html')
  page(): string {
    return html;
  }

  @Public()
  @Get('client.js')
  @Header('Content-Type', 'text/javascript')
  client(): string {
    return script;
  }

  @RequireToken({ session: true })
  @Post('theme')
  async theme(@CurrentSession() session: RequestSession): Promise<object> {
    await this.auth.mergeSessionClaims(session, { theme: 'dark' });
    return {};
  }

  @RequireToken({ session: { claims: [roles.includes('admin')] } })
  @Get('admins')
  admins(): object {
    return {};
  }

  @RequireToken({ scope: { admin: true } })
  @Get('forbidden')
  forbidden(): object {
    return {};
  }
}

/** The same page on a port of its own: another origin of the same site. */
async function otherOrigin(): Promise<Server> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/client.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

interface Situation {
  readonly adapter: Adapter;
  readonly mode: 'cookie' | 'header';
  readonly origin: 'same' | 'cross';
  readonly antiCsrf: 'custom-header' | 'token' | 'none';
}

const situations = (['cookie', 'header'] as const).flatMap((mode) =>
  (['same', 'cross'] as const).flatMap((origin) =>
    (['custom-header', 'token', 'none'] as const).map((antiCsrf, index): Situation => {
      // both adapters meet each mode, origin and proof, in half the time
      const adapter = adapters[(index + (origin === 'cross' ? 1 : 0)) % 2]!;
      return { adapter, mode, origin, antiCsrf };
    }),
  ),
);

const isThere = existsSync(executable);
if (!isThere && process.env['CI'] !== 'true')
  console.warn(
    `LEFT OUT: supertokens-website in Chromium (S46), for there is no ${executable}: apt-get install chromium`,
  );
const describeInBrowser = isThere || process.env['CI'] === 'true' ? describe : describe.skip;

describeInBrowser('S46 supertokens-website', () => {
  let browser: Browser;

  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: "import client from 'supertokens-website'; window.client = client.default ?? client;",
        resolveDir: process.cwd(),
      },
      ...{ bundle: true, format: 'iife', write: false, logLevel: 'error' },
    });
    script = outputFiles[0]!.text;
    browser = await chromium.launch({ executablePath: executable, args: switches.split(' ') });
  }, 30_000);
  afterAll(() => browser?.close());

  describe.each(situations)('by $mode, from the $origin origin, anti-CSRF $antiCsrf, on $adapter', (situation) => {
    let api: Api;
    let other: Server;
    let context: BrowserContext;
    let page: Page;
    let apiUrl: string;
    let pageUrl: string;
    let refreshes: number;

    beforeAll(async () => {
      other = await otherOrigin();
      const session = { antiCsrf: situation.antiCsrf, claims: [roles] };
      api = new Api(situation.adapter, {
        options: { publicUrl: 'http://127.0.0.1:1', session },
        controllers: [LogInController, PageController],
      });
      const origin = `http://127.0.0.1:${portOf(other)}`;
      await api.start((app) =>
        app.enableCors({ origin: [origin], credentials: true, allowedHeaders: AuthModule.corsHeaders() }),
      );
      apiUrl = await api.app.getUrl();
      pageUrl = situation.origin === 'same' ? `${apiUrl}/page` : `${origin}/page`;
    });
    afterAll(async () => {
      await api.stop();
      other.close();
    });

    beforeEach(async () => {
      // the browser has a clock of its own, and drops cookies by it
      api.clock.reset();
      api.clock.advance(Math.floor((Date.now() - api.clock.now()) / 1000));
      context = await browser.newContext();
      refreshes = 0;
      context.on('response', (response) => {
        if (response.url().endsWith('/auth/session/refresh') && response.status() === 200) refreshes += 1;
      });
      page = await open();
    });
    afterEach(() => context.close());

    async function open(): Promise<Page> {
      const opened = await context.newPage();
      await opened.goto(pageUrl);
      await opened.evaluate(
        ([apiDomain, tokenTransferMethod]) =>
          // @ts-expect-error -- a global of the page
          // oxlint-disable-next-line no-undef
          window.client.init({ apiDomain, apiBasePath: '/auth', tokenTransferMethod }),
        [apiUrl, situation.mode] as const,
      );
      return opened;
    }

    /** fetch() as a page writes it. @returns status and body. */
    function call(method: string, path: string, body?: object, on = page): Promise<[number, Record<string, any>]> {
      return on.evaluate(
        async ([url, verb, text]) => {
          const answer = await fetch(url, {
            method: verb,
            ...(text === undefined ? {} : { body: text, headers: { 'Content-Type': 'application/json' } }),
          });
          return [answer.status, await answer.json()] as [number, Record<string, any>];
        },
        [apiUrl + path, method, body === undefined ? undefined : JSON.stringify(body)] as const,
      );
    }

    const logIn = (on = page) => call('POST', '/login', { subject: 'alice' }, on);
    const exists = (on = page): Promise<boolean> =>
      // @ts-expect-error -- a global of the page
      // oxlint-disable-next-line no-undef
      on.evaluate(() => window.client.doesSessionExist());
    const signOut = (on = page): Promise<void> =>
      // @ts-expect-error -- a global of the page
      // oxlint-disable-next-line no-undef
      on.evaluate(() => window.client.signOut());

    it('knows of no session before the log-in', async () => {
      expect(await exists()).toBe(false);
      expect((await call('GET', '/protected'))[0]).toBe(401);
    });

    it('logs in, calls, and signs out', async () => {
      expect((await logIn())[0]).toBe(200);
      expect(await exists()).toBe(true);
      expect(await call('GET', '/protected')).toMatchObject([200, { sub: 'alice' }]);
      expect((await call('POST', '/protected'))[0]).toBe(201);
      // @ts-expect-error -- a global of the page
      // oxlint-disable-next-line no-undef
      expect(await page.evaluate(() => window.client.getUserId())).toBe('alice');
      await signOut();
      expect(await exists()).toBe(false);
      const kept = await context.cookies([apiUrl, `${apiUrl}/auth/session/refresh`]);
      expect(
        kept.filter(({ name, value }) => /^sAccess|^sRefresh|^st-(access|refresh)/.test(name) && value !== ''),
      ).toEqual([]);
      expect((await call('GET', '/protected'))[0]).toBe(401);
    });

    it('keeps its tokens out of reach of scripts in cookie mode', async () => {
      await logIn();
      const readable = await page.evaluate<string>('document.cookie');
      expect(/st-access-token=[^;]/.test(readable)).toBe(situation.mode === 'header');
      expect(readable).not.toContain('sAccessToken');
      expect(readable).not.toContain('sRefreshToken');
    });

    it('refreshes once for parallel calls after the access token expired, unseen by the page', async () => {
      await logIn();
      api.clock.advance(906);
      const answers = await Promise.all(Array.from({ length: 6 }, () => call('GET', '/protected')));
      expect(answers.map(([status]) => status)).toEqual([200, 200, 200, 200, 200, 200]);
      expect(refreshes).toBe(1);
      expect((await call('POST', '/protected'))[0]).toBe(201);
      expect(refreshes).toBe(1);
    });

    it('shares the session with another tab, and ends it there too', async () => {
      await logIn();
      const tab = await open();
      expect((await call('GET', '/protected', undefined, tab))[0]).toBe(200);
      api.clock.advance(906);
      const both = await Promise.all([call('GET', '/protected'), call('GET', '/protected', undefined, tab)]);
      expect(both.map(([status]) => status)).toEqual([200, 200]);
      await signOut(tab);
      expect(await exists()).toBe(false);
      expect((await call('GET', '/protected'))[0]).toBe(401);
    });

    it('is not refreshed for what the user may not do', async () => {
      await logIn();
      const before = refreshes;
      expect((await call('GET', '/forbidden'))[0]).toBe(403);
      expect(refreshes).toBe(before);
    });

    it('S38 S39 learns of claims that change, and of those that do not hold', async () => {
      await logIn();
      const events = await page.evaluateHandle(
        ([apiDomain, tokenTransferMethod]) => {
          const heard: string[] = [];
          const onHandleEvent = ({ action }: { action: string }) => heard.push(action);
          // @ts-expect-error -- a global of the page
          // oxlint-disable-next-line no-undef
          window.client.init({ apiDomain, apiBasePath: '/auth', tokenTransferMethod, onHandleEvent });
          return heard;
        },
        [apiUrl, situation.mode] as const,
      );
      const payload = (): Promise<Record<string, any>> =>
        // @ts-expect-error -- a global of the page
        // oxlint-disable-next-line no-undef
        page.evaluate(() => window.client.getAccessTokenPayloadSecurely());
      expect(await payload()).toMatchObject({ roles: { v: ['reader'], t: api.clock.now() } });
      expect((await call('POST', '/theme'))[0]).toBe(201);
      expect(await payload()).toMatchObject({ theme: 'dark' });
      expect(await call('GET', '/admins')).toMatchObject([403, { claimValidationErrors: [{ id: 'roles' }] }]);
      expect(await events.jsonValue()).toEqual(['ACCESS_TOKEN_PAYLOAD_UPDATED', 'API_INVALID_CLAIM']);
      expect((await call('POST', '/protected'))[0]).toBe(201);
      expect(refreshes).toBe(0);
    });

    it('S19 loses the session when a stolen token comes back', async () => {
      await logIn();
      const stolen = await refreshTokenOfBrowser();
      api.clock.advance(906);
      expect((await call('GET', '/protected'))[0]).toBe(200);
      api.clock.advance(11);
      const answer = await api.send('POST', '/auth/session/refresh', {
        headers: [['Authorization', `Bearer ${stolen}`]],
      });
      expect(answer).toMatchObject({ status: 401, body: { message: 'token theft detected' } });
      expect((await call('GET', '/protected'))[0]).toBe(401);
      expect(await exists()).toBe(false);
    });

    async function refreshTokenOfBrowser(): Promise<string> {
      const cookies = await context.cookies([apiUrl, pageUrl, `${apiUrl}/auth/session/refresh`]);
      const name = situation.mode === 'cookie' ? 'sRefreshToken' : 'st-refresh-token';
      const access = cookies.find(
        (cookie) => cookie.name === name.replace('Refresh', 'Access').replace('refresh', 'access'),
      );
      expect(decoded(decodeURIComponent(access!.value))['sub']).toBe('alice');
      return decodeURIComponent(cookies.find((cookie) => cookie.name === name)!.value);
    }
  });
});
