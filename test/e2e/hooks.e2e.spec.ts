import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Body, Controller, ForbiddenException, HttpCode, Inject, Injectable, Module, Post } from '@nestjs/common';
import {
  AuthError,
  AuthService,
  Public,
  Token,
  type AuthEventName,
  type AuthEvents,
  type AuthHooks,
  type KeyOptions,
} from 'nest-latchkey';
import {
  bearer,
  decoded,
  describeOnBoth,
  expectRefusal,
  issuer,
  secret,
  sign,
  type Answer,
  type Api,
} from './fixture.js';

@Controller()
class LogInController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @Public()
  @Post('login')
  @HttpCode(200)
  logIn(@Body() { user }: { user: unknown }) {
    return this.auth.issueTokens(user);
  }

  @Public()
  @Post('refresh')
  @HttpCode(200)
  refresh(@Body() body: { refresh_token: string }) {
    return this.auth.refresh(body.refresh_token);
  }
}

const controllers = [LogInController];
const canary = 'canary-of-a-hook';

/** How a hook can fail. */
const failures: [name: string, fail: () => any][] = [
  [
    'throws',
    () => {
      throw new Error(canary);
    },
  ],
  ['rejects', () => Promise.reject(new Error(canary))],
  [
    'throws a text',
    () => {
      // oxlint-disable-next-line no-throw-literal -- applications do
      throw canary;
    },
  ],
  ['rejects with nothing', () => Promise.reject()],
];

/** `hooks.subject` is asked of what is no text. */
const userFor = (hook: keyof AuthHooks) => (hook === 'subject' ? { name: 'alice' } : 'alice');

function ask(api: Api, method: string, path: string, token?: string, body?: object): Promise<Answer> {
  return api.send(method, path, { headers: bearer(token), body, mayFail: true });
}

function expectOutage(answer: Answer, code: 'store_unavailable' | 'keys_unavailable' = 'store_unavailable'): void {
  expectRefusal(answer, code);
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  expect(answer.text).not.toContain(canary);
}

describe.each(failures)('a hook that %s', (_name, fail) => {
  describe.each<[name: keyof AuthHooks, code: 'store_unavailable' | 'keys_unavailable']>([
    ['verificationKey', 'keys_unavailable'],
    ['isRevoked', 'store_unavailable'],
    ['verify', 'store_unavailable'],
    ['loadUser', 'store_unavailable'],
  ])('as hooks.%s', (hook, code) => {
    describeOnBoth('', { options: { hooks: { [hook]: fail } }, controllers }, (api) => {
      it('FT-15 J45 makes a 503, never a 200 and never a 500', async () => {
        const token = api.token();
        for (const path of ['/protected', '/optional', '/lenient', '/any'])
          expectOutage(await ask(api, 'GET', path, token), code);
        expect((await api.get('/optional')).status).toBe(200);
        expectRefusal(await api.get('/protected'), 'token_missing');
        expectRefusal(await api.get('/protected', 'a.b.c'), 'token_invalid');
      });
    });
  });

  describe.each<[name: keyof AuthHooks]>([['subject'], ['claims'], ['header'], ['signingKey']])(
    'as hooks.%s',
    (hook) => {
      describeOnBoth('', { options: { hooks: { [hook]: fail } }, controllers }, (api) => {
        it('FT-15 J45 makes a 503 of what would issue a token', async () => {
          expectOutage(await ask(api, 'POST', '/login', undefined, { user: userFor(hook) }));
          const refreshToken = api.token({ type: 'refresh', sid: 'one' }, { typ: 'rt+jwt' });
          const refreshed = await ask(api, 'POST', '/refresh', undefined, { refresh_token: refreshToken });
          // who refreshes is a subject already
          if (hook === 'subject') expect(refreshed.status).toBe(200);
          else expectOutage(refreshed);
          expect((await api.get('/protected', api.token())).status).toBe(200);
        });
      });
    },
  );

  describeOnBoth('as hooks.onEvent', { options: { hooks: { onEvent: fail } }, controllers }, (api) => {
    it('FT-15 changes no answer, and the process lives', async () => {
      const unhandled: unknown[] = [];
      const note = (reason: unknown) => void unhandled.push(reason);
      process.on('unhandledRejection', note);
      const pair = await api.auth.issueTokens('alice');
      expectRefusal(await api.get('/protected', 'a.b.c'), 'token_invalid');
      await api.auth.revoke(pair.access_token);
      expectRefusal(await api.get('/protected', pair.access_token), 'token_revoked');
      const other = await api.auth.issueTokens('alice');
      await api.auth.refresh(other.refresh_token!);
      api.clock.advance(11);
      expectRefusal(await api.post('/refresh', undefined, { refresh_token: other.refresh_token! }), 'token_reused');
      await api.auth.revokeAll('alice');
      // a rejection that nobody handles, which ends the process, would come now
      await new Promise((resolve) => setTimeout(resolve, 10));
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
      expect((await api.get('/protected', (await api.auth.issueTokens('alice')).access_token)).status).toBe(200);
    });
  });
});

const refusals: [name: string, make: () => Error, status: number][] = [
  ['an HttpException', () => new ForbiddenException('not today'), 403],
  ['an AuthError', () => new AuthError('token_rejected'), 403],
];

describe.each(refusals)('a hook that refuses with %s', (_name, make, status) => {
  const fail = () => {
    throw make();
  };
  describe.each<[keyof AuthHooks]>([['isRevoked'], ['verify'], ['loadUser']])('as hooks.%s', (hook) => {
    describeOnBoth('', { options: { hooks: { [hook]: fail } } }, (api) => {
      it('is taken at its word', async () => {
        for (const path of ['/protected', '/optional']) expect((await api.get(path, api.token())).status).toBe(status);
      });
    });
  });
  describe.each<[keyof AuthHooks]>([['subject'], ['claims'], ['header'], ['signingKey']])('as hooks.%s', (hook) => {
    describeOnBoth('', { options: { hooks: { [hook]: fail } }, controllers }, (api) => {
      it('is taken at its word', async () => {
        expect((await api.post('/login', undefined, { user: userFor(hook) })).status).toBe(status);
      });
    });
  });
});

/** Keys of tenants, by name; an application finds the tenant by `kid`. */
const newTenant = (kid: string): KeyOptions => ({ kid, algorithm: 'HS256', key: randomBytes(32) });
const acme = newTenant('acme');
const globex: KeyOptions = {
  kid: 'globex',
  algorithm: 'ES256',
  key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
};
const tenants = new Map<unknown, unknown>();
const asked: { subject: string; type: string }[] = [];
const shown: { header: object; claims: object }[] = [];

const tenantHooks: AuthHooks = {
  signingKey: async (about) => {
    asked.push(about);
    return about.subject.endsWith('@globex') ? globex : acme;
  },
  verificationKey: (token) => {
    shown.push(token);
    return tenants.get(token.header.kid) as KeyOptions | undefined;
  },
};

describeOnBoth('keys of the application', { options: { hooks: tenantHooks }, controllers }, (api) => {
  beforeEach(() => {
    asked.length = 0;
    shown.length = 0;
    tenants.clear();
    tenants.set('acme', acme).set('globex', globex);
  });

  it.each([
    ['alice@acme', 'acme', 'HS256'],
    ['alice@globex', 'globex', 'ES256'],
  ])('JF-10 sign and verify the tokens of %s', async (subject, kid, alg) => {
    const { access_token: access, refresh_token: refresh } = await api.auth.issueTokens(subject);
    for (const token of [access, refresh!]) expect(decoded(token, 'header')).toMatchObject({ kid, alg });
    expect(asked).toEqual([
      { subject, type: 'access' },
      { subject, type: 'refresh' },
    ]);
    const answer = await api.get('/protected', access);
    expect([answer.status, answer.body['sub']]).toEqual([200, subject]);
    expect(shown.at(-1)).toEqual({ header: decoded(access, 'header'), claims: decoded(access) });
    expect((await api.post('/refresh', undefined, { refresh_token: refresh! })).status).toBe(200);
    expect((await api.auth.verify(access)).sub).toBe(subject);
  });

  it('JF-10 refuse a token at once when its key is gone, and for no other key', async () => {
    const token = await api.auth.issueAccessToken('alice@acme');
    expect((await api.get('/protected', token)).status).toBe(200);
    tenants.set('acme', newTenant('acme'));
    expectRefusal(await api.get('/protected', token), 'token_invalid');
    tenants.set('acme', globex);
    expectRefusal(await api.get('/protected', token), 'token_invalid');
    tenants.delete('acme');
    expectRefusal(await api.get('/protected', token), 'token_invalid');
    tenants.set('acme', acme);
    expect((await api.get('/protected', token)).status).toBe(200);
  });

  it.each<[name: string, found: unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['false', false],
    ['an empty text', ''],
    ['a text', 'key'],
    ['a number', 5],
    ['an empty object', {}],
    ['no key', { algorithm: 'HS256' }],
    ['a short secret', { algorithm: 'HS256', key: 'short' }],
    ['a secret for a key pair', { algorithm: 'ES256', key: randomBytes(32) }],
    ['an unknown algorithm', { algorithm: 'none', key: randomBytes(32) }],
    ['a KeyObject alone', globex.key],
  ])('JF-10 refuse a token when the hook gives %s', async (_name, found) => {
    const token = await api.auth.issueAccessToken('alice@acme');
    tenants.set('acme', found);
    expectRefusal(await api.get('/protected', token), 'token_invalid');
    expectRefusal(await api.get('/optional', token), 'token_invalid');
  });

  it('JF-01 JF-02 JF-04 JF-10 refuse what the key did not sign, with the algorithm of the key', async () => {
    const claims = decoded(await api.auth.issueAccessToken('alice@globex'));
    const published = JSON.stringify(globex.key);
    for (const token of [
      sign({ alg: 'none', typ: 'at+jwt', kid: 'globex' }, claims).replace(/\.[^.]*$/, '.'),
      sign({ alg: 'HS256', typ: 'at+jwt', kid: 'globex' }, claims, published),
      sign({ alg: 'HS512', typ: 'at+jwt', kid: 'acme' }, claims, acme.key as Buffer, 'sha512'),
      sign({ alg: 'HS256', typ: 'at+jwt', kid: 'globex' }, claims, acme.key as Buffer),
      // the key of the module is not asked beside the hook
      sign({ alg: 'HS256', typ: 'at+jwt' }, claims, secret),
      sign({ alg: 'HS256', typ: 'at+jwt', kid: { $ne: 1 } }, claims, acme.key as Buffer),
    ]) {
      expectRefusal(await api.get('/protected', token), 'token_invalid');
    }
    const good = sign({ alg: 'HS256', typ: 'at+jwt', kid: 'acme' }, claims, acme.key as Buffer);
    expect((await api.get('/protected', good)).status).toBe(200);
    const other = sign(
      { alg: 'HS256', typ: 'at+jwt', kid: 'acme' },
      { ...claims, iss: `${issuer}.evil` },
      acme.key as Buffer,
    );
    expectRefusal(await api.get('/protected', other), 'token_invalid');
  });
});

describe.each<[name: string, given: unknown]>([
  ['nothing', undefined],
  ['a text', 'key'],
  ['a short secret', { algorithm: 'HS256', key: canary }],
  ['a public key', { algorithm: 'ES256', key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey }],
])('a signing key that is %s', (_name, given) => {
  describeOnBoth('', { options: { hooks: { signingKey: () => given as KeyOptions } }, controllers }, (api) => {
    it('issues nothing, and is not shown', async () => {
      const answer = await ask(api, 'POST', '/login', undefined, { user: 'alice' });
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain(canary);
      expect(answer.body).not.toHaveProperty('access_token');
    });
  });
});

const events: { name: AuthEventName; payload: AuthEvents[AuthEventName] }[] = [];

@Injectable()
class Listeners {
  add(name: AuthEventName, payload: AuthEvents[AuthEventName]): void {
    events.push({ name, payload });
  }
}

@Injectable()
class HooksOfTheApplication implements AuthHooks {
  constructor(@Inject(Listeners) private readonly listeners: Listeners) {}

  subject(user: unknown): string {
    return this.named((user as { name: string }).name);
  }
  verify(token: Token): boolean {
    return token.sub !== this.named('mallory');
  }
  onEvent<Name extends AuthEventName>(name: Name, payload: AuthEvents[Name]): void {
    this.listeners.add(name, payload);
  }
  private named(name: string): string {
    return name.toLowerCase();
  }
}

@Module({ providers: [Listeners], exports: [Listeners] })
class ListenersModule {}

describeOnBoth(
  'hooks in a class, made by Nest',
  { options: { hooks: HooksOfTheApplication }, extras: { imports: [ListenersModule] }, controllers },
  (api) => {
    beforeEach(() => {
      events.length = 0;
    });

    it('J37 are asked with what they were injected', async () => {
      const answer = await api.post('/login', undefined, { user: { name: 'ALICE' } });
      expect(decoded(answer.body['access_token'])['sub']).toBe('alice');
      expect((await api.get('/protected', answer.body['access_token'])).status).toBe(200);
      expectRefusal(await api.get('/protected', api.token({ sub: 'mallory' })), 'token_rejected');
    });

    it('hear of each revocation once, by kind and id', async () => {
      const at = api.clock.now();
      const [pair, single] = [await api.auth.issueTokens('bob'), await api.auth.issueAccessToken('bob')];
      const { sid } = decoded(pair.access_token);
      for (let time = 0; time < 2; time += 1) await api.auth.revoke(pair.access_token);
      await api.auth.revoke(single, { family: false });
      await api.auth.revokeAll('bob');
      expect(events).toEqual([
        { name: 'revoked', payload: { kind: 'sid', id: sid, at } },
        { name: 'revoked', payload: { kind: 'jti', id: decoded(single)['jti'], at } },
        { name: 'revoked', payload: { kind: 'sub', id: 'bob', at } },
      ]);
    });

    it('RR-02 hear of a reuse once, however many thieves come', async () => {
      const pair = await api.auth.issueTokens('carol');
      await api.auth.refresh(pair.refresh_token!);
      api.clock.advance(11);
      const at = api.clock.now();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => api.post('/refresh', undefined, { refresh_token: pair.refresh_token! })),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
      const { sid, jti } = decoded(pair.refresh_token!);
      expect(events.filter(({ name }) => name !== 'refused')).toEqual([
        { name: 'revoked', payload: { kind: 'sid', id: sid, at } },
        { name: 'refresh.reused', payload: { subject: 'carol', sid, jti, at } },
      ]);
    });

    it('RR-02 hear of a reuse once of ten thieves at one moment', async () => {
      const pair = await api.auth.issueTokens('carol');
      await api.auth.refresh(pair.refresh_token!);
      api.clock.advance(11);
      // without HTTP in between, all ten have asked whether the family lives before the first one ends it
      const answers = await Promise.allSettled(Array.from({ length: 10 }, () => api.auth.refresh(pair.refresh_token!)));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 'rejected'));
      expect(events.map(({ name }) => name)).toEqual(['revoked', 'refresh.reused']);
    });

    it('hear of refusals by code and ids, never by the text of a token', async () => {
      const at = api.clock.now();
      const expired = await api.expiredToken('dave');
      const { jti } = decoded(expired);
      const forged = api.token({ sub: 'root' }).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
      await api.get('/protected');
      await api.get('/protected', forged);
      await api.get('/protected', expired);
      await api.get('/protected', api.token({ sub: 'mallory', jti: 'one', sid: 'two' }));
      expect(events.map(({ name, payload }) => [name, payload])).toMatchObject([
        ['refused', { code: 'token_missing', at }],
        ['refused', { code: 'token_invalid', at }],
        ['refused', { code: 'token_expired', subject: 'dave', jti, at }],
        ['refused', { code: 'token_rejected', subject: 'mallory', jti: 'one', sid: 'two', at }],
      ]);
      // nothing is told of a token that nobody verified
      expect(events[1]!.payload).not.toHaveProperty('subject');
      const told = JSON.stringify(events);
      for (const token of [forged, expired]) for (const part of token.split('.')) expect(told).not.toContain(part);
    });

    it('hear nothing of what is let through', async () => {
      await api.get('/protected', api.token());
      await api.get('/optional');
      await api.post('/login', undefined, { user: { name: 'alice' } });
      expect(events).toEqual([]);
    });
  },
);
