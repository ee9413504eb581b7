import { jest } from '@jest/globals';
import { ForbiddenException, Logger } from '@nestjs/common';
import { AuthError } from '../../auth.errors.js';
import { OAuthAuthorizedEvent, OAuthEvent } from './oauth-event.js';
import { OAuthLogin } from '../oauth-login.js';
import { OAuthListeners } from './oauth-listeners.js';
import { OAuthResult } from './oauth-result.js';

const secret = 'a token that nobody may read';
const tokens = {
  accessToken: secret,
  refreshToken: secret,
  idToken: undefined,
  tokenSecret: undefined,
  expiresAt: undefined,
};
const login = new OAuthLogin({
  provider: 'corp',
  identity: {
    issuer: 'https://corp.example',
    subject: 'bob',
    email: undefined,
    emailVerified: false,
    name: undefined,
    picture: undefined,
    claims: {},
  },
  requestedScope: ['read', 'write'],
  grantedScope: ['read'],
  returnTo: '/',
  tokens,
});
const authorized = () =>
  new OAuthAuthorizedEvent({
    provider: 'corp',
    login,
    flow: { returnTo: '/', data: {} },
    request: { headers: { cookie: secret } },
  });

describe('OAuthListeners', () => {
  let listeners: OAuthListeners;
  let heard: string[];
  let logged: string;

  beforeEach(() => {
    listeners = new OAuthListeners();
    heard = [];
    logged = '';
    jest
      .spyOn(Logger.prototype, 'error')
      .mockImplementation((...parts: unknown[]) => void (logged += parts.join('\n')));
  });
  afterEach(() => jest.restoreAllMocks());

  const hearing = (name: string, result: () => unknown = () => undefined, provider?: string): void =>
    listeners.add({
      event: 'authorized',
      name,
      provider,
      handle: () => {
        heard.push(name);
        return result();
      },
    });
  const ask = () => listeners.ask('authorized', authorized());

  it('O53 goes the usual way where nobody listens', async () => {
    expect(await ask()).toEqual({ store: true, answer: undefined });
    await expect(listeners.tell('linked', { provider: 'corp' })).resolves.toBeUndefined();
  });

  it.each<[string, unknown, object]>([
    ['nothing', undefined, { store: true, answer: undefined }],
    ['false', false, { store: false, answer: undefined }],
    ['null', null, { store: true, answer: undefined }],
    ['a promise of false', Promise.resolve(false), { store: false, answer: undefined }],
    ['skipStore()', OAuthResult.skipStore(), { store: false, answer: undefined }],
    ['redirect()', OAuthResult.redirect('/x'), { store: true, answer: { kind: 'redirect', url: '/x' } }],
    [
      'redirect() without storing',
      OAuthResult.redirect('/x', { store: false }),
      { store: false, answer: { kind: 'redirect', url: '/x' } },
    ],
    ['respond()', OAuthResult.respond({ a: 1 }), { store: true, answer: { kind: 'respond', body: { a: 1 } } }],
    ['reject()', OAuthResult.reject(), { store: false, answer: { kind: 'reject', reason: 'access_denied' } }],
  ])('O53 takes %s for what it is', async (_, result, verdict) => {
    hearing('one', () => result);
    expect(await ask()).toEqual(verdict);
  });

  it.each([{ store: false }, { answer: { kind: 'reject' } }, true, 0, '', () => false])(
    'O53 does not go on after what is no result: %p',
    async (result) => {
      hearing('one', () => result);
      await expect(ask()).rejects.toMatchObject({ code: 'invalid_argument' });
    },
  );

  it('O53 asks every handler in order, and takes the first answer', async () => {
    hearing('one', () => false);
    hearing('two', () => OAuthResult.redirect('/two'));
    hearing('three', () => OAuthResult.respond('three'));
    hearing('another', () => OAuthResult.redirect('/other'), 'other');
    hearing('four', undefined, 'corp');
    expect(await ask()).toEqual({ store: false, answer: { kind: 'redirect', url: '/two' } });
    expect(heard).toEqual(['one', 'two', 'three', 'four']);
  });

  it('O53 takes a refusal wherever it stands', async () => {
    hearing('one', () => OAuthResult.redirect('/one'));
    hearing('two', () => OAuthResult.reject('not_invited'));
    hearing('three');
    expect((await ask()).answer).toEqual({ kind: 'reject', reason: 'not_invited' });
    expect(heard).toEqual(['one', 'two', 'three']);
  });

  it.each([new AuthError('oauth_user_refused'), new ForbiddenException('no')])(
    'O53 hands on a refusal that is thrown, and asks nobody after it: %s',
    async (error) => {
      hearing('one', () => {
        throw error;
      });
      hearing('two');
      await expect(ask()).rejects.toBe(error);
      expect([heard, logged]).toEqual([['one'], '']);
    },
  );

  it('O53 makes a plain 500 of any other error, whose message is in no log', async () => {
    hearing('Invitations.check', () => Promise.reject(new TypeError(`cannot read ${secret}\n    at ${secret}:1`)));
    await expect(ask()).rejects.toMatchObject({ status: 500, message: 'Internal Server Error', cause: undefined });
    expect(logged).toContain('Invitations.check threw TypeError at authorized');
    expect(logged).toContain('oauth-listeners.spec.ts');
    expect(logged).not.toContain('token that');
  });

  it('FT-15 lets no handler of news change anything, and tells the next one', async () => {
    const events: OAuthEvent[] = [];
    for (const error of [new Error(secret), new AuthError('oauth_user_refused'), secret])
      listeners.add({
        event: 'refreshed',
        provider: undefined,
        name: 'Audit.note',
        handle: () => Promise.reject(error),
      });
    listeners.add({ event: 'refreshed', provider: undefined, name: 'b', handle: (event) => events.push(event) });
    await listeners.tell('refreshed', { provider: 'corp', user: 'bob', tokens });
    expect(events).toEqual([expect.objectContaining({ provider: 'corp', user: 'bob', tokens })]);
    expect(logged.match(/Audit.note threw (\w+) at refreshed/g)).toHaveLength(3);
    expect(logged).not.toContain('token that');
  });

  it('prints no token, cookie or code of an event', () => {
    const event = authorized();
    expect([event.tokens, event.subject, event.scope]).toEqual([tokens, 'bob', ['read']]);
    expect(JSON.stringify({ ...event }) + JSON.stringify(event)).not.toContain('token that');
  });
});

describe('OAuthResult', () => {
  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'JavaScript:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,x',
    'blob:https://a.example/x',
    'view-source:https://a.example',
    '/a\r\nSet-Cookie: a=b',
    'https://',
    '/ü',
    '',
    undefined,
  ])('sends nobody to %p', (url) => {
    expect(() => OAuthResult.redirect(url as string)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  it.each(['/', '/a?b=c#d', 'https://elsewhere.example/x', 'myapp://done', '?again'])('sends browsers to %s', (url) => {
    expect(OAuthResult.redirect(url).answer).toEqual({ kind: 'redirect', url });
  });

  it.each(['two words', 'a&b=c', '', 'ü', 'x'.repeat(65)])('refuses with a word, not with %p', (reason) => {
    expect(() => OAuthResult.reject(reason)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});
