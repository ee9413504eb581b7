import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { AuthService, body, param, Public, query, RequireToken } from 'nest-latchkey';
import { AccountController } from './account.controller.js';
import { describeOnBoth, secret, sign, type Api, type HeaderLines } from './fixture.js';
import { SeededRandom } from './random.js';

/** Another run: `FUZZ_SEED=1 npm test -- fuzz`. */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_260_701);
const requestsPerAdapter = 2_500;

@Controller()
class FuzzController {
  constructor(@Inject(AuthService) private readonly auth: AuthService) {}

  @RequireToken({ sub: param('name'), override: { scope: { admin: true } } })
  @Get('users/:name')
  user() {
    return {};
  }

  @RequireToken({ claims: { plan: query('plan') } })
  @Get('search')
  search() {
    return {};
  }

  @RequireToken({ claims: { team: { name: body('team') } } })
  @Post('act')
  act() {
    return {};
  }

  @RequireToken({ scope: { admin: true, deep: { er: 1 } }, fresh: '5m', revocation: 'store' })
  @Post('admin')
  admin() {
    return {};
  }

  @RequireToken({ type: 'refresh' })
  @Post('by-refresh-token')
  byRefreshToken() {
    return {};
  }

  @Public()
  @Post('refresh')
  @HttpCode(200)
  refresh(@Body() sent: Record<string, string> | undefined) {
    return this.auth.refresh(sent?.['refresh_token'] as string);
  }

  @Public()
  @Post('revoke')
  @HttpCode(200)
  async revoke(@Body() sent: Record<string, string> | undefined) {
    await this.auth.revoke(String(sent?.['token']));
    return {};
  }
}

/** Every route, and whether a request without a good token must be refused there. */
const routes: [method: string, path: string, isGuarded: boolean][] = [
  ...[
    '/protected',
    '/fresh',
    '/refresh-only',
    '/any',
    '/unrevoked',
    '/page',
    '/users/alice',
    '/users/NASTY',
    '/search',
  ].map((path): [string, string, boolean] => ['GET', path, true]),
  ...[
    '/protected',
    '/page',
    '/act',
    '/admin',
    '/by-refresh-token',
    '/auth/refresh',
    '/logout',
    '/refresh',
    '/revoke',
  ].map((path): [string, string, boolean] => ['POST', path, true]),
  ['GET', '/optional', false],
  ['GET', '/lenient', false],
  ['POST', '/optional-page', false],
  ['GET', '/.well-known/jwks.json', false],
  ['GET', '/auth/jwt/jwks.json', false],
];

const nasty = [
  ...[
    '',
    ' ',
    '.',
    '..',
    '...',
    'null',
    'undefined',
    'true',
    '0',
    '-1',
    '1e999',
    'NaN',
    '[]',
    '{}',
    '"',
    "'",
    '\\',
    '%',
    '%00',
    '%zz',
    '%ff',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '../../etc/passwd',
    "' OR 1=1 --",
    '<script>',
    '${7*7}',
    '$ne',
  ],
  ...[
    'é',
    '\u00ff\u00fe',
    '\t',
    'a,b',
    'a;b',
    'a=b',
    'a b',
    'Bearer',
    'Bearer ',
    'Basic',
    ',',
    ';',
    '=',
    '====',
    'e30',
    'e30.e30.e30',
  ],
  ...[
    'x'.repeat(300),
    'é'.repeat(300),
    '.'.repeat(500),
    'A'.repeat(6_000),
    '=;'.repeat(200),
    `${'a.'.repeat(100)}b`,
    ','.repeat(400),
  ],
];
const headerNames = [
  ...[
    'Authorization',
    'authorization',
    'X-CSRF-TOKEN',
    'Origin',
    'Sec-Fetch-Site',
    'Referer',
    'st-auth-mode',
    'X-Forwarded-For',
  ],
  ...[
    'X-Forwarded-Authorization',
    'Forwarded',
    'Accept',
    'Accept-Encoding',
    'X-HTTP-Method-Override',
    'Expect-CT',
    'Range',
    'If-None-Match',
  ],
];
const cookieNames = [
  '__Host-access_token',
  '__Secure-refresh_token',
  '__Host-csrf_access_token',
  'access_token',
  '__proto__',
  '',
];
const contentTypes = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'application/json; charset=nonsense',
    'application/vnd.api+json',
  ],
  ...[
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data',
    'multipart/form-data; boundary=x',
    'application/xml',
  ],
  ...['application/octet-stream', '', ';', 'application/', 'APPLICATION/JSON'],
];
const bodyNames = ['access_token', 'refresh_token', 'token', 'csrf_token', 'team', '__proto__', 'constructor', ''];
const queryNames = [
  'access_token',
  'plan',
  '__proto__',
  'access_token[]',
  'access_token[a]',
  'constructor[prototype]',
  '',
];

/** Tokens that nothing may be granted for. */
class BadTokens {
  constructor(
    private readonly random: SeededRandom,
    private readonly good: readonly string[],
    private readonly now: number,
  ) {}

  any(): string {
    return this.random.pick([
      () => this.mutated(),
      () => this.forged(),
      () => this.withNastyParts(),
      () => this.random.pick(nasty),
    ])();
  }

  /** A good one with one character changed, or cut, or doubled. */
  private mutated(): string {
    const token = this.random.pick(this.good);
    const at = this.random.below(token.length);
    const cut = [token.slice(0, at), token.slice(at + 1)] as const;
    const other = token[at] === 'A' ? 'B' : 'A';
    return this.random.pick([
      cut.join(other),
      cut.join(''),
      cut.join(`${token[at]}${other}`),
      token.slice(0, at),
      `${token}.`,
      `${token}=`,
    ]);
  }

  private forged(): string {
    const header = {
      alg: this.random.pick(['HS256', 'HS512', 'RS256', 'none', 'HS256 ', null, 5, []]),
      typ: this.random.pick(['at+jwt', 'JWT', 5, null]),
      ...this.member(),
    };
    return sign(header, this.claims(), this.random.pick(['', 'wrong', `${secret}x`]));
  }

  /** Under the right key, but none that the library would make. */
  private withNastyParts(): string {
    const claims = { ...this.claims(), ...this.member() };
    delete (claims as Record<string, unknown>)[this.random.pick(['iss', 'aud', 'exp', 'sub', 'jti', 'iat', 'type'])];
    return sign({ alg: 'HS256', typ: 'at+jwt', crit: this.random.pick([undefined, [], ['x']]) }, claims);
  }

  private claims(): object {
    const { now } = this;
    return {
      iss: 'https://api.example.com',
      aud: 'https://api.example.com',
      sub: 'alice',
      jti: 'x',
      type: 'access',
      iat: now,
      exp: now + 900,
    };
  }

  private member(): object {
    const name = this.random.pick([
      'kid',
      'exp',
      'aud',
      'scope',
      'fresh',
      'auth_time',
      'sid',
      'prt',
      'grant',
      'csrf',
      '__proto__',
      'nbf',
      'team',
      'plan',
      'orig_iat',
    ]);
    return {
      [name]: this.random.pick([
        null,
        true,
        -1,
        1e300,
        '',
        [],
        {},
        [[]],
        [null],
        { a: { b: 1 } },
        'x'.repeat(500),
        this.random.pick(nasty),
      ]),
    };
  }
}

/** One random request. */
function randomRequest(random: SeededRandom, bad: BadTokens, good: readonly string[]) {
  const [method, path, isGuarded] = random.pick(routes);
  const isGood = random.chance(0.35);
  const token = () => (isGood && random.chance(0.6) ? random.pick(good) : bad.any());
  const text = () => (random.chance(0.5) ? token() : random.pick(nasty));

  const parameters = Array.from(
    { length: random.below(3) },
    () => `${random.pick(queryNames)}=${escaped(random, text())}`,
  );
  const headers: [string, string][] = [];
  if (random.chance(isGood ? 0.1 : 0.6))
    headers.push(['Authorization', random.pick(['Bearer ', 'bearer ', 'Bearer', 'Basic ', '', 'Bearer  ']) + token()]);
  if (isGood && random.chance(0.7)) headers.push(carried(random, random.pick(good)));
  for (let count = random.below(3); count > 0; count -= 1) headers.push([random.pick(headerNames), text()]);
  if (random.chance(isGood ? 0.2 : 0.5)) {
    const pairs = Array.from({ length: random.below(4) }, () => `${random.pick(cookieNames)}=${text()}`);
    headers.push(['Cookie', pairs.join(random.pick(['; ', ';', ',', ';;']))]);
  }
  const sent = method === 'POST' && random.chance(0.7) ? randomBody(random, text) : undefined;
  if (sent !== undefined && random.chance(0.9)) headers.push(['Content-Type', random.pick(contentTypes)]);
  const target = path.replace('NASTY', escaped(random, random.pick(nasty)));
  return {
    method: random.chance(0.05) ? random.pick(['HEAD', 'OPTIONS', 'DELETE', 'PUT', 'PATCH', 'TRACE']) : method,
    path: target + (parameters.length > 0 ? `?${parameters.join('&')}` : ''),
    headers: headers.map(([name, value]) => [name, sendable(value)] as const) satisfies HeaderLines,
    body: sent,
    mustBeRefused: isGuarded && !isGood,
  };
}

/** As clients send it. */
function carried(random: SeededRandom, token: string): [string, string] {
  if (random.chance(0.5)) return ['Authorization', `Bearer ${token}`];
  return ['Cookie', `${random.pick(cookieNames.slice(0, 2))}=${token}`];
}

function randomBody(random: SeededRandom, text: () => string): string {
  const name = random.pick(bodyNames);
  const value = random.pick<unknown>([null, 5, true, [], {}, [text()], { [name]: text() }, text(), text(), text()]);
  return random.pick([
    () => JSON.stringify({ [name]: value }),
    () => `{${JSON.stringify(name)}:${JSON.stringify(value)}}`,
    () => JSON.stringify(value),
    () => `${encodeURIComponent(name)}=${escaped(random, text())}`,
    () => JSON.stringify({ [name]: value }).slice(0, -1),
    () => '['.repeat(200),
    () => '',
    () => text(),
  ])();
}

/** As a part of a target: mostly encoded, now and then as it is, as far as node sends it. */
function escaped(random: SeededRandom, value: string): string {
  if (random.chance(0.9)) return encodeURIComponent(value);
  return value.replace(/[^\x21-\x7e]/g, '').replace(/[#?&]/g, '');
}

/** Node refuses to send control characters and what is beyond Latin-1. */
function sendable(value: string): string {
  return value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
}

async function goodTokens(api: Api): Promise<string[]> {
  const options = {
    fresh: true,
    scope: { admin: true, deep: { er: 1 } },
    claims: { plan: 'pro', team: { name: 'x' } },
  } as const;
  const pairs = await Promise.all(Array.from({ length: 10 }, () => api.auth.issueTokens('alice', options)));
  return pairs.flatMap(({ access_token: access, refresh_token: refresh }) => [access, refresh!]);
}

describeOnBoth(
  'random requests',
  {
    options: { cookies: {}, csrf: { form: true }, transport: { locations: ['header', 'cookie', 'query', 'body'] } },
    controllers: [AccountController, FuzzController],
  },
  (api) => {
    it(`J86 DS-01 never make a 5xx, and are never granted without a good token (FUZZ_SEED=${seed})`, async () => {
      const random = new SeededRandom(seed);
      let good = await goodTokens(api);
      const bad = new BadTokens(random, good, api.clock.seconds);
      const seen = new Map<number, number>();
      for (let index = 0; index < requestsPerAdapter; index += 1) {
        // log-outs and reuse end the good ones
        if (index % 50 === 0) good = await goodTokens(api);
        const { method, path, headers, body: sent, mustBeRefused } = randomRequest(random, bad, good);
        const { status } = await api.send(method, path, { headers, body: sent, mayFail: true });
        seen.set(status, (seen.get(status) ?? 0) + 1);
        const isWrong = status >= 500 || (mustBeRefused && status < 400);
        if (isWrong) expect({ seed, index, status, method, path, headers, sent }).toBe('never');
      }
      // it would prove nothing if the parsers kept everything out
      for (const status of [200, 400, 401, 403]) expect([status, (seen.get(status) ?? 0) > 20]).toEqual([status, true]);
      // and the application still serves
      expect((await api.get('/protected', await api.auth.issueAccessToken('bob'))).status).toBe(200);
    }, 120_000);
  },
);
