/* oxlint-disable no-await-in-loop -- one request after the other is what these tests are about */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Browser } from '../oauth/browser.js';
import { AccountApp, password } from './account-app.js';
import { adapters } from './fixture.js';

// hashing passwords takes its time, above all beside other suites
jest.setTimeout(60_000);

type Headers = Record<string, string>;

/** What a browser says of a form, where the page is not ours. */
const foreign: [what: string, headers: (origin: string) => Headers][] = [
  ['another origin', () => ({ origin: 'https://evil.example' })],
  ['no origin that it tells', () => ({ origin: 'null' })],
  ['another port', () => ({ origin: 'http://127.0.0.1:1' })],
  ['another scheme', (origin) => ({ origin: origin.replace('http:', 'https:') })],
  ['our origin as a beginning', (origin) => ({ origin: `${origin}.evil.example` })],
  ['another site', () => ({ 'sec-fetch-site': 'cross-site' })],
  ['another origin of the site', () => ({ 'sec-fetch-site': 'same-site' })],
  ['no page at all', () => ({ 'sec-fetch-site': 'none' })],
  ['another site with our origin', (origin) => ({ origin, 'sec-fetch-site': 'cross-site' })],
  ['our site with another origin', () => ({ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' })],
  ['nowhere', () => ({})],
];

const sessionForms = ['logout', 'end-session', 'end-other-sessions', 'link', 'unlink'];

/** Whatever a form of a session asks for, so that nothing but the check is missing. */
const filled = (session: string) => ({ session, provider: 'demo', subject: 'alice' });
const fieldsOf = (form: string, session: string): Record<string, string> => {
  const { session: id, provider, subject } = filled(session);
  if (form === 'end-session') return { session: id };
  if (form === 'link') return { provider };
  return form === 'unlink' ? { provider, subject } : {};
};

const alert = (text: string) => /role="alert"[^>]*>([^<]*)</.exec(text)?.[1];
const status = (text: string) => /role="status"[^>]*>([^<]*)</.exec(text)?.[1];

beforeAll(() => Logger.overrideLogger(false));

describe.each(adapters)('the forms of the account page (%s)', (adapter) => {
  let app: AccountApp;

  beforeAll(async () => {
    app = await AccountApp.start({ ADAPTER: adapter });
  });
  afterAll(() => app.stop());

  let count = 0;
  const newName = () => `user-${(count += 1)}`;

  describe('the sign-up', () => {
    it('begins a session in cookies, and says so', async () => {
      const browser = new Browser();
      const username = newName();
      const answer = await app.post(browser, '/account/signup', { username, password });
      expect([answer.status, answer.headers.location]).toEqual([303, '/account?done=signed-up']);
      expect(answer.headers).not.toHaveProperty('st-access-token');
      for (const cookie of answer.headers['set-cookie']!) expect(cookie).toMatch(/; HttpOnly/);
      const { text } = await app.get(browser, '/account?done=signed-up');
      expect(text).toContain(`Logged in as <b>${username}</b>`);
      expect(status(text)).toBe('Your account is made, and you are logged in.');
    });

    it.each<[string, () => Record<string, string>, number, string, string[]]>([
      ['a short password', () => ({ username: newName(), password: 'short' }), 400, 'Some fields', ['password']],
      ['another form of name', () => ({ username: 'Al ice', password }), 400, 'Some fields', ['username']],
      ['nothing', () => ({}), 400, 'Some fields', ['username', 'password']],
      ['a field too many', () => ({ username: newName(), password, isAdmin: '1' }), 400, 'This is not a form', []],
      ['a list', () => ({ 'username[]': 'a', password }), 400, '', []],
    ])('refuses %s, and shows the form again', async (_what, fields, code, text, wrong) => {
      const browser = new Browser();
      const answer = await app.post(browser, '/account/signup', fields());
      expect(answer.status).toBe(code);
      expect(alert(answer.text)).toContain(text);
      expect(answer.text).toContain('<title>Error: Create an account');
      for (const name of wrong) {
        const [input] = new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(answer.text)!;
        expect(input).toContain('aria-invalid="true"');
        expect(input).toMatch(/aria-describedby="problem\b/);
      }
      expect(answer.text).not.toContain('isAdmin');
      expect(browser.cookieNames(app.origin)).toEqual([]);
    });

    it('refuses a name that is taken', async () => {
      const username = newName();
      await app.signUp(username);
      const answer = await app.post(new Browser(), '/account/signup', { username, password: 'another one' });
      expect([answer.status, alert(answer.text)]).toEqual([409, 'This user name is taken.']);
      expect(answer.text).toContain(`value="${username}"`);
      expect(answer.text).not.toContain('another one');
    });

    it.each(['text/plain', 'multipart/form-data; boundary=x'])('reads no %s', async (type) => {
      const headers = { origin: app.origin, 'content-type': type };
      const answer = await app.post(new Browser(), '/account/signup', { username: newName(), password }, headers);
      expect([400, 415]).toContain(answer.status);
      expect(answer.headers['set-cookie']).toBeUndefined();
    });
  });

  describe('the log-in', () => {
    it('begins a session in cookies, and ends the one before', async () => {
      const username = newName();
      const browser = await app.signUp(username);
      const before = browser.cookie(app.origin, 'sAccessToken')!;
      const answer = await app.post(browser, '/account/login', { username, password });
      expect([answer.status, answer.headers.location]).toEqual([303, '/account']);
      expect(await app.user(browser)).toBe(username);
      const old = await new Browser().visit(`${app.origin}/me`, { headers: { cookie: `sAccessToken=${before}` } });
      expect(old.status).toBe(401);
    });

    it('refuses a wrong password and an unknown user with the same words, and repeats no password', async () => {
      const username = newName();
      await app.signUp(username);
      const texts = [];
      for (const name of [username, 'nobody-at-all']) {
        const answer = await app.post(new Browser(), '/account/login', { username: name, password: 'wrong-password' });
        expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
        expect(answer.text).not.toContain('wrong-password');
        expect(answer.headers['set-cookie']).toBeUndefined();
        texts.push(answer.text.replace(name, ''));
      }
      expect(alert(texts[0]!)).toBe('The user name or the password is wrong.');
      expect(texts[0]).toBe(texts[1]);
    });

    it('escapes the name that it shows again', async () => {
      const username = `"><script>alert('1')</script>&`;
      const { text, status: code } = await app.post(new Browser(), '/account/login', { username, password });
      expect(code).toBe(401);
      expect(text).toContain('value="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;"');
      expect(text).not.toContain('<script>');
    });
  });

  describe.each(['signup', 'login'])('CSRF a foreign form to %s', (form) => {
    const known = newName();
    const nameFor = () => (form === 'login' ? known : newName());

    beforeAll(() => app.signUp(known));

    it.each(foreign)('is refused: from %s', async (_what, headers) => {
      const username = nameFor();
      const browser = new Browser();
      const answer = await app.post(browser, `/account/${form}`, { username, password }, headers(app.origin));
      expect([answer.status, alert(answer.text)]).toEqual([
        403,
        `This form was not sent by a page of ${app.origin}: open the page there, and try again.`,
      ]);
      expect(browser.cookieNames(app.origin)).toEqual([]);
      if (form === 'signup')
        expect((await app.post(browser, '/account/signup', { username, password })).status).toBe(303);
    });

    it.each<[string, (origin: string) => Headers]>([
      ['Origin', (origin) => ({ origin })],
      ['Fetch Metadata', () => ({ 'sec-fetch-site': 'same-origin' })],
    ])('is told from our own by %s alone', async (_what, headers) => {
      const username = nameFor();
      const answer = await app.post(new Browser(), `/account/${form}`, { username, password }, headers(app.origin));
      expect(answer.status).toBe(303);
    });
  });

  describe.each(sessionForms)('CSRF the form %s', (form) => {
    let browser: Browser;
    let other: Browser;
    let username: string;
    let fields: Record<string, string>;

    beforeAll(async () => {
      username = newName();
      browser = await app.signUp(username);
      other = await app.logIn(username);
      fields = fieldsOf(form, await app.sid(other));
    });

    const expectUnchanged = async () => {
      expect(await app.user(browser)).toBe(username);
      expect(await app.user(other)).toBe(username);
      expect(browser.cookieNames(app.origin).filter((name) => name.startsWith('oauth_'))).toEqual([]);
    };

    it.each(foreign)('is refused with the right field from %s', async (_what, headers) => {
      const proof = await app.proof(browser);
      const answer = await app.post(browser, `/account/${form}`, { ...fields, proof }, headers(app.origin));
      expect([answer.status, answer.headers.location, answer.headers['set-cookie']]).toEqual([
        403,
        undefined,
        undefined,
      ]);
      expect(alert(answer.text)).toContain('This form was not sent by a page of');
      await expectUnchanged();
    });

    it.each<[string, () => Promise<Record<string, string>>]>([
      ['without the field', async () => ({})],
      ['with an empty field', async () => ({ proof: '' })],
      ['with the field of another session of the user', async () => ({ proof: await app.proof(other) })],
      ['with the field of another user', async () => ({ proof: await app.proof(await app.signUp(newName())) })],
      ['with a list for the field', async () => ({ 'proof[]': await app.proof(browser) })],
      ['with a part of the field', async () => ({ proof: (await app.proof(browser)).slice(0, -1) })],
    ])('is refused %s', async (_what, proof) => {
      const answer = await app.post(browser, `/account/${form}`, { ...fields, ...(await proof()) });
      expect([answer.status, answer.headers.location, answer.headers['set-cookie']]).toEqual([
        403,
        undefined,
        undefined,
      ]);
      expect(alert(answer.text)).toBe('This form is not of your current log-in: open the page anew, and try again.');
      await expectUnchanged();
    });

    it('is refused with a field that is none of its own', async () => {
      const proof = await app.proof(browser);
      const answer = await app.post(browser, `/account/${form}`, { ...fields, proof, more: '<b>' });
      expect([answer.status, alert(answer.text)]).toEqual([
        400,
        'This is not a form of this page: open the page anew, and try again.',
      ]);
      await expectUnchanged();
    });

    it('asks who is not logged in to log in', async () => {
      const proof = await app.proof(browser);
      const answer = await app.post(new Browser(), `/account/${form}`, { ...fields, proof });
      expect(answer.status).toBe(401);
      expect(answer.text).toContain('Log in to see your account.');
      expect(answer.text).toContain('action="/account/login"');
    });
  });

  describe('the devices', () => {
    it('S31 ends one, and says which is this one', async () => {
      const username = newName();
      const here = await app.signUp(username);
      const there = await app.logIn(username, { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' });
      const { text } = await app.get(here, '/account');
      expect(text.match(/this one/g)).toHaveLength(1);
      expect(text).toContain('<strong>Firefox on Linux</strong>');
      const session = await app.sid(there);
      expect(/name="session" value="([^"]+)"/.exec(text)![1]).toBe(session);
      const answer = await app.post(here, '/account/end-session', { session, proof: await app.proof(here) });
      expect([answer.status, answer.headers.location]).toEqual([303, '/account?done=device-ended']);
      expect(status((await app.get(here, '/account?done=device-ended')).text)).toBe('That device is logged out.');
      expect([await app.user(here), await app.user(there)]).toEqual([username, undefined]);
    });

    it('S31 ends all others, and nobody elses', async () => {
      const [username, stranger] = [newName(), newName()];
      const here = await app.signUp(username);
      const others = [await app.logIn(username), await app.logIn(username), await app.signUp(stranger)];
      const answer = await app.post(here, '/account/end-other-sessions', { proof: await app.proof(here) });
      expect([answer.status, answer.headers.location]).toEqual([303, '/account?done=others-ended']);
      expect(await Promise.all([here, ...others].map((one) => app.user(one)))).toEqual([
        username,
        undefined,
        undefined,
        stranger,
      ]);
    });

    it("S31 knows neither another user's, nor one that is not there", async () => {
      const [here, strangers] = [await app.signUp(newName()), await app.signUp(newName())];
      const proof = await app.proof(here);
      for (const session of [await app.sid(strangers), 'none']) {
        const answer = await app.post(here, '/account/end-session', { session, proof });
        expect([answer.status, alert(answer.text)]).toEqual([404, 'There is no such session.']);
      }
      expect(await app.user(strangers)).toBeDefined();
    });

    it('escapes what a device calls itself', async () => {
      const username = newName();
      const here = await app.signUp(username);
      await app.logIn(username, { 'user-agent': `<script>alert("1")</script>'&` });
      const { text } = await app.get(here, '/account');
      expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;');
      expect(text).not.toContain('<script>');
    });
  });

  it('logs out, and leaves nothing with the browser', async () => {
    const browser = await app.signUp(newName());
    const access = browser.cookie(app.origin, 'sAccessToken')!;
    const answer = await app.post(browser, '/account/logout', { proof: await app.proof(browser) });
    expect([answer.status, answer.headers.location]).toEqual([303, '/account/login?done=logged-out']);
    expect(browser.cookieNames(app.origin)).toEqual([]);
    expect(status((await app.get(browser, '/account/login?done=logged-out')).text)).toBe('You are logged out.');
    const old = await new Browser().visit(`${app.origin}/account`, { headers: { cookie: `sAccessToken=${access}` } });
    expect([old.status, alert(old.text)]).toEqual([401, 'Your log-in has ended. Log in again.']);
  });

  describe('linked providers', () => {
    const unlink = async (browser: Browser, fields: Record<string, string>) =>
      app.post(browser, '/account/unlink', { ...fields, proof: await app.proof(browser) });
    const page = { accept: 'text/html,application/xhtml+xml' };

    it('O49 O51 are linked and unlinked', async () => {
      const username = newName();
      const browser = await app.signUp(username);
      const done = await app.choose(browser, await app.link(browser, 'demo2'), { login: 'bob' });
      expect(done.headers.location).toBe('/account?done=linked');
      const { text } = await app.get(browser, '/account?done=linked');
      expect(text).toContain('demo2: bob');
      expect(status(text)).toBe('The account is linked: it logs you in from now on.');
      expect(await app.user(browser)).toBe(username);

      const taken = await app.signUp(newName());
      const refused = await app.choose(taken, await app.link(taken, 'demo2'), { login: 'bob' }, page);
      expect([refused.status, alert(refused.text)]).toEqual([
        409,
        'This account at the provider is linked to another user.',
      ]);
      expect(refused.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(refused.headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(refused.headers['referrer-policy']).toBe('no-referrer');

      const answer = await unlink(browser, { provider: 'demo2', subject: 'bob' });
      expect([answer.status, answer.headers.location]).toEqual([303, '/account?done=unlinked']);
      expect((await app.get(browser, '/account')).text).not.toContain('demo2: bob');
      const again = await unlink(browser, { provider: 'demo2', subject: 'bob' });
      expect([again.status, alert(again.text)]).toEqual([404, 'There is no such link.']);
    });

    it('AL-07 keep the last way to log in', async () => {
      const browser = new Browser();
      const begun = await browser.follow(
        await app.get(browser, '/login/demo?return_to=/account'),
        ({ origin }) => origin !== app.origin,
      );
      const done = await app.choose(browser, begun, { login: 'alice' });
      expect(done.headers.location).toBe('/account');
      const answer = await unlink(browser, { provider: 'demo', subject: 'alice' });
      expect([answer.status, alert(answer.text)]).toEqual([
        409,
        'Nothing else logs this user in: link another account or set a password first.',
      ]);
    });

    it('are told apart from those that there are not', async () => {
      const browser = await app.signUp(newName());
      const proof = await app.proof(browser);
      const answer = await app.post(browser, '/account/link', { provider: '<b>myspace', proof });
      expect([answer.status, alert(answer.text)]).toEqual([404, 'There is no such provider.']);
      expect(answer.text).not.toContain('myspace');
    });

    it('say why they did not let anybody in', async () => {
      const browser = await app.signUp(newName());
      const done = await app.choose(browser, await app.link(browser, 'demo2'), { refuse: '1' });
      const { text } = await app.get(browser, done.headers.location!.replace(app.origin, ''));
      expect(alert(text)).toBe('The provider did not let you in, or you did not want to go on.');
      expect(status(text)).toBeUndefined();
    });

    it('answer scripts in JSON, and visitors in a page', async () => {
      const [script, visitor] = [
        await app.get(new Browser(), '/login/none'),
        await app.get(new Browser(), '/login/none', page),
      ];
      expect([script.status, script.body['errorCode']]).toEqual([404, 'oauth_provider_unknown']);
      expect([visitor.status, alert(visitor.text)]).toEqual([404, 'There is no such provider.']);
      const elsewhere = await app.get(new Browser(), '/oauth/demo/profile', page);
      expect([elsewhere.status, elsewhere.body['errorCode']]).toEqual([401, 'token_missing']);
    });
  });

  it.each(['/', '/account', '/account/login', '/account/signup'])('shows no page of others: %s', async (path) => {
    const { headers, text } = await app.get(await app.signUp(newName()), path);
    expect(headers['content-security-policy']).toBe(
      "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    );
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
    expect(text).toMatch(/<html lang="en">[^]*<title>[^<]+<[^]*<main><h1>[^<]+<\/h1>/);
  });

  it('has the same headers on its refusals', async () => {
    for (const answer of [
      await app.get(new Browser(), '/account'),
      await app.post(new Browser(), '/account/login', { username: 'nobody', password }),
      await app.post(new Browser(), '/account/unlink', {}, {}),
    ]) {
      expect(answer.status).toBeGreaterThanOrEqual(401);
      expect(answer.headers['content-security-policy']).toMatch(/^default-src 'self';.* frame-ancestors 'none'$/);
      expect(answer.headers['referrer-policy']).toBe('same-origin');
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });

  it.each(['done=<script>', 'done=constructor', 'done=signed-up&done=unlinked', 'done[a]=linked', ''])(
    'says nothing that a query brought along: ?%s',
    async (query) => {
      const { text } = await app.get(new Browser(), `/account/login?${query}`);
      expect([status(text), alert(text)]).toEqual([undefined, undefined]);
      expect(text).not.toContain('<script>');
    },
  );

  it.each(['error=<b>', 'error=__proto__', 'error=access_denied&error=x'])(
    'says a fixed text for ?%s',
    async (query) => {
      const { text } = await app.get(new Browser(), `/account/login?${query}`);
      expect(alert(text)).toBe('The log-in with the provider came to nothing. Try it again.');
      expect(text).not.toContain('<b>');
    },
  );

  it('explains the claims of the token, and shows no token', async () => {
    const browser = await app.signUp(newName());
    const { text } = await app.get(browser, '/account');
    const { body } = await app.get(browser, '/token/info');
    const { claims, signed_token: token } = body as { claims: Record<string, unknown>; signed_token: string };
    for (const name of Object.keys(claims)) expect(text).toContain(`<code>${name}</code>`);
    expect(text).toContain(String(claims['jti']));
    expect(text).toContain('You: the user whom the token speaks of.');
    expect(text).not.toContain('A claim of this application.');
    expect(text).not.toContain(token.split('.')[2]);
    expect(text).not.toMatch(/eyJ/);
  });

  it.each([
    ['page.css', 'text/css; charset=utf-8'],
    ['session.js', 'text/javascript; charset=utf-8'],
    ['icon.svg', 'image/svg+xml; charset=utf-8'],
  ])('serves its %s', async (name, type) => {
    const { status: code, headers, text } = await app.get(new Browser(), `/assets/${name}`);
    expect([code, headers['content-type'], headers['x-content-type-options']]).toEqual([200, type, 'nosniff']);
    expect(text.length).toBeGreaterThan(100);
  });
});

describe.each(adapters)('the limits of the forms (%s)', (adapter) => {
  let app: AccountApp;

  beforeEach(async () => {
    app = await AccountApp.start({ ADAPTER: adapter, RATE_LIMIT: 'on' });
  });
  afterEach(() => app.stop());

  it('DS-03 count the guesses of both ways to log in', async () => {
    await app.signUp('alice');
    const wrong = { username: 'alice', password: 'wrong' };
    const form = new URLSearchParams(wrong);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await new Browser().visit(`${app.origin}/login`, { method: 'POST', form })).status).toBe(401);
      expect((await app.post(new Browser(), '/account/login', wrong)).status).toBe(401);
    }
    const refused = await app.post(new Browser(), '/account/login', { username: 'alice', password });
    expect([refused.status, Number(refused.headers['retry-after'])]).toEqual([429, expect.any(Number)]);
    expect(alert(refused.text)).toMatch(/^Too many attempts\. Try again in \d+ (seconds|minutes)\.$/);
    expect(refused.headers['set-cookie']).toBeUndefined();
  });

  it.each(['signup', 'login'])('DS-03 count the requests of both ways: %s', async (name) => {
    const form = new URLSearchParams();
    for (let attempt = 0; attempt < 100; attempt += 1) {
      expect((await new Browser().visit(`${app.origin}/${name}`, { method: 'POST', form })).status).toBe(400);
    }
    const refused = await app.post(new Browser(), `/account/${name}`, { username: 'alice', password });
    expect([refused.status, refused.headers['set-cookie']]).toEqual([429, undefined]);
    expect(alert(refused.text)).toMatch(/^Too many attempts\./);
  });
});

describe.each(adapters)('a token that has expired (%s)', (adapter) => {
  let app: AccountApp;

  beforeAll(async () => {
    app = await AccountApp.start({ ADAPTER: adapter, ACCESS_TOKEN_LIFETIME: '1s', CLOCK_TOLERANCE: '0' });
  });
  afterAll(() => app.stop());

  it('asks to log in again, and changes nothing but to log out', async () => {
    const browser = await app.signUp('alice');
    const [proof, session] = [await app.proof(browser), await app.sid(browser)];
    await sleep(2_000);
    for (const answer of [
      await app.get(browser, '/account'),
      await app.post(browser, '/account/end-session', { session, proof }),
      await app.post(browser, '/account/end-other-sessions', { proof }),
    ]) {
      expect([answer.status, alert(answer.text)]).toEqual([401, 'Your log-in has expired. Log in again.']);
      expect(answer.text).toMatch(/data-expires-in="0"[^>]*data-next="\/account"/);
    }
    expect((await app.get(browser, '/')).text).toMatch(/data-expires-in="0"[^>]*data-next="\/"/);
    expect((await app.post(browser, '/account/logout', { proof: 'x' })).status).toBe(403);
    const out = await app.post(browser, '/account/logout', { proof });
    expect([out.status, out.headers.location]).toEqual([303, '/account/login?done=logged-out']);
    const again = await browser.visit(`${app.origin}/auth/session/refresh`, { method: 'POST', headers: { rid: 'x' } });
    expect(again.status).toBe(401);
  });
});

it.each(['token', 'none', 'custom-header'])('has forms that work where ANTI_CSRF is %s', async (mode) => {
  const app = await AccountApp.start({ ANTI_CSRF: mode });
  try {
    const browser = await app.signUp('alice');
    const other = await app.logIn('alice');
    const { text } = await app.get(browser, '/account');
    const [, antiCsrf] = /data-anti-csrf="([^"]*)"/.exec(text)!;
    expect(antiCsrf !== '').toBe(mode === 'token');
    // among the claims it is not shown
    expect(text.split(antiCsrf || 'nothing')).toHaveLength(mode === 'token' ? 2 : 1);
    const answer = await app.post(browser, '/account/end-other-sessions', { proof: await app.proof(browser) });
    expect([answer.status, await app.user(other)]).toEqual([303, undefined]);
  } finally {
    await app.stop();
  }
});

it('closes the names of administrators in production, and has pages without any provider', async () => {
  const file = join(tmpdir(), `latchkey-no-providers-${process.pid}.json`);
  writeFileSync(file, '{}');
  const secret = 'f3Vq9LmX2sTz7YwB1nR8cK5hJ4dP0gAuEoiQxMrNzWb=';
  const app = await AccountApp.start({
    ...{ NODE_ENV: 'production', AUTH_SECRET: secret, APP_ADMINS: 'root', OAUTH_PROVIDERS: file },
  });
  try {
    const answer = await app.post(new Browser(), '/account/signup', { username: 'root', password });
    expect([answer.status, alert(answer.text)]).toEqual([403, 'This user name is reserved.']);
    const browser = await app.signUp('alice');
    const proof = await app.proof(browser);
    for (const [form, fields] of [
      ['link', { provider: 'demo' }],
      ['unlink', { provider: 'demo', subject: 'alice' }],
    ] as const) {
      const refused = await app.post(browser, `/account/${form}`, { ...fields, proof });
      expect([refused.status, alert(refused.text)]).toEqual([404, 'There is no such provider.']);
    }
    expect((await app.get(new Browser(), '/account/login')).text).not.toContain('With another account');
  } finally {
    await app.stop();
  }
});
