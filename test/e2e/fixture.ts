/**
 * The application of the end-to-end tests: real HTTP on Express and on Fastify, a clock that tests set, a key that tests know.
 *
 * ```ts
 * describeOnBoth('a token of another type', { options: { jwt: { clockTolerance: 0 } } }, (api) => {
 *   it('J4 is refused', async () => {
 *     const token = await api.auth.issueRefreshToken('alice');          // as an application issues it
 *     expectRefusal(await api.get('/protected', token), 'wrong_token_type');
 *   });
 *   it('is refused without exp', async () => {
 *     expectRefusal(await api.get('/protected', api.token({ exp: undefined })), 'token_invalid'); // as anybody could write it
 *   });
 * });
 * ```
 */
import { createHmac, randomUUID } from 'node:crypto';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { Controller, Get, Module, Post, type INestApplication, type Provider, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  AuthModule,
  AuthService,
  Clock,
  CurrentToken,
  RequireToken,
  Token,
  type AuthErrorCode,
  type AuthModuleExtras,
  type AuthModuleOptions,
} from 'nest-latchkey';

export const adapters = ['express', 'fastify'] as const;
export type Adapter = (typeof adapters)[number];

export const issuer = 'https://api.example.com';
/** HS256 of every fixture that says nothing else; long enough for HS512 too. */
export const secret = 'e2e: 6mQ2vX9fT4kZ8wB1nR7cY5hJ3sD0pLgA/uEoKiVtCxMqNzWb+Sd=aFjHrGyOPQ';

/** The time that every test begins at. */
const startOfTests = Date.UTC(2026, 6, 1, 12, 0, 0);

/** A clock that stands still until it is told to move. */
export class FixedClock extends Clock {
  private time = startOfTests;

  now(): number {
    return this.time;
  }
  /** The whole seconds that tokens are written in. */
  get seconds(): number {
    return Math.floor(this.time / 1000);
  }
  /** Later by so many seconds; a negative number is earlier. */
  advance(seconds: number): void {
    this.time += seconds * 1000;
  }
  reset(): void {
    this.time = startOfTests;
  }
}

/** What a handler was given, for the answer. */
export function describeToken(token: Token | null): object {
  if (token === null) return { token: null, sub: null };
  const { raw, header, sub, exp, iat, jti, sid, maxAge } = token;
  return { ...token.toJSON(), ...{ raw, header, sub, exp, iat, jti, sid, maxAge } };
}

/** The routes of spec/tokens.md §5; each answers with what it was given. */
@Controller()
export class TokenController {
  @RequireToken()
  @Get('protected')
  read(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken()
  @Post('protected')
  write(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ optional: true })
  @Get('optional')
  optional(@CurrentToken() token: Token | null) {
    return describeToken(token);
  }

  @RequireToken({ optional: 'lenient' })
  @Get('lenient')
  lenient(@CurrentToken() token: Token | null) {
    return describeToken(token);
  }

  @RequireToken({ fresh: true })
  @Get('fresh')
  fresh(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ type: 'refresh' })
  @Get('refresh-only')
  refreshOnly(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ type: 'any' })
  @Get('any')
  any(@CurrentToken() token: Token) {
    return describeToken(token);
  }

  @RequireToken({ revocation: false })
  @Get('unrevoked')
  unrevoked(@CurrentToken() token: Token) {
    return describeToken(token);
  }
}

export interface FixtureOptions {
  /** Laid over the issuer and the secret of the fixture; `jwt: { secret: undefined }` takes the secret out. */
  options?: Partial<Omit<AuthModuleOptions, 'jwt'>> & { jwt?: Partial<AuthModuleOptions['jwt']> };
  extras?: AuthModuleExtras;
  /** Beside {@link TokenController}. */
  controllers?: Type[];
  providers?: Provider[];
}

/** One answer. `body` is the JSON object, or `{}` where there is none. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Record<string, any>;
}

/** Header lines as they are to be sent: duplicates stay two. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

export interface Request {
  headers?: HeaderLines | undefined;
  /** As it is to be sent; an object goes as JSON, with its content type. */
  body?: string | object | undefined;
  /** The test is about an answer of 500 or above; any other one fails the test. */
  mayFail?: boolean;
}

/** A running application and what tests do with it. */
export class Api {
  readonly clock = new FixedClock();
  app!: INestApplication;
  auth!: AuthService;
  private port = 0;

  constructor(
    readonly adapter: Adapter,
    private readonly fixture: FixtureOptions,
  ) {}

  /** @param setUp what the application's main file would do before it listens. */
  async start(setUp: (app: INestApplication) => void = nothing): Promise<void> {
    const testing = Test.createTestingModule({ imports: [rootModule(this.fixture)] });
    const module = await testing.setLogger(silent).overrideProvider(Clock).useValue(this.clock).compile();
    this.app = module.createNestApplication(adapterOf(this.adapter), { abortOnError: false, logger: false });
    setUp(this.app);
    await this.app.listen(0, '127.0.0.1');
    this.port = Number(new URL(await this.app.getUrl()).port);
    this.auth = this.app.get(AuthService);
  }

  async stop(): Promise<void> {
    await this.app.close();
  }

  get(path: string, token?: string): Promise<Answer> {
    return this.send('GET', path, { headers: bearer(token) });
  }

  post(path: string, token?: string, body?: string | object): Promise<Answer> {
    return this.send('POST', path, { headers: bearer(token), body });
  }

  /** One request over node:http, which leaves the header lines as they are. */
  async send(method: string, path: string, { headers = [], body, mayFail = false }: Request = {}): Promise<Answer> {
    const text = typeof body === 'object' ? JSON.stringify(body) : body;
    const lines: [string, string][] = [
      ['Host', `127.0.0.1:${this.port}`],
      ['Connection', 'close'],
    ];
    if (typeof body === 'object') lines.push(['Content-Type', 'application/json']);
    // else node would announce a chunked body, which Fastify answers with 415
    const hasLength = text !== undefined || ['POST', 'PUT', 'PATCH'].includes(method);
    if (hasLength) lines.push(['Content-Length', String(Buffer.byteLength(text ?? ''))]);
    const answer = await this.exchange(method, path, [...lines, ...headers].flat(), text);
    if (!mayFail) expect([method, path, answer.status < 500]).toEqual([method, path, true]);
    return answer;
  }

  /** A request byte by byte, for what node:http would not send. The text ends the headers itself. */
  raw(bytes: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
      let text = '';
      socket.setEncoding('latin1').setTimeout(5_000, () => socket.destroy(new Error('no answer')));
      socket.on('data', (chunk: string) => (text += chunk));
      socket.on('error', reject).on('close', () => {
        const [head = '', body = ''] = text.split('\r\n\r\n');
        const [statusLine = '', ...lines] = head.split('\r\n');
        const status = Number(statusLine.split(' ')[1]);
        expect(status).toBeLessThan(500);
        const headers = Object.fromEntries(
          lines.map((line) => [line.split(':')[0]!.toLowerCase(), line.replace(/^[^:]*: */, '')]),
        );
        resolve({ status, headers, text: body, body: parsed(body) });
      });
    });
  }

  /**
   * A token under the fixture's key: that of a plain access token of alice, but for the claims and header members given;
   * `undefined` takes one out.
   */
  token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
    const now = this.clock.seconds;
    const standard = { iss: issuer, aud: issuer, sub: 'alice', iat: now, nbf: now, exp: now + 900, jti: randomUUID() };
    return sign({ alg: 'HS256', typ: 'at+jwt', ...header }, { ...standard, type: 'access', ...claims });
  }

  /** An access token that was issued an hour ago, and has expired. */
  expiredToken(subject = 'alice'): Promise<string> {
    return this.earlier(3_600, () => this.auth.issueAccessToken(subject));
  }

  /** What `make` makes so many seconds ago. */
  async earlier<T>(seconds: number, make: () => Promise<T>): Promise<T> {
    this.clock.advance(-seconds);
    try {
      return await make();
    } finally {
      this.clock.advance(seconds);
    }
  }

  private exchange(method: string, path: string, headers: string[], body: string | undefined): Promise<Answer> {
    const { port } = this;
    return new Promise((resolve, reject) => {
      // node takes a flat list of lines, which its types do not tell
      const options = { host: '127.0.0.1', port, method, path, agent: false, headers: headers as never };
      const sent = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () => {
          const { statusCode = 0, headers: received } = response;
          resolve({ status: statusCode, headers: received, text, body: parsed(text) });
        });
      });
      sent.on('error', reject).end(body);
    });
  }
}

/** The same tests on Express and on Fastify, each with one application; the clock is set back before each test. */
export function describeOnBoth(name: string, fixture: FixtureOptions, tests: (api: Api) => void): void {
  describe.each(adapters)(`${name} (%s)`, (adapter) => {
    const api = new Api(adapter, fixture);
    beforeAll(() => api.start());
    beforeEach(() => api.clock.reset());
    afterAll(() => api.stop());
    tests(api);
  });
}

/** What stops an application from starting, as whoever starts it sees it. */
export async function bootFailure(root: Type, adapter: Adapter = 'express'): Promise<unknown> {
  let app: INestApplication | undefined;
  try {
    app = await NestFactory.create(root, adapterOf(adapter), { abortOnError: false, logger: false });
    await app.init();
  } catch (error) {
    return error;
  } finally {
    await app?.close();
  }
  return undefined;
}

/** The root module of a fixture. */
export function rootModule({ options = {}, extras = {}, controllers = [], providers = [] }: FixtureOptions): Type {
  const { jwt, ...rest } = options;
  const forRoot = { ...rest, ...extras, jwt: { issuer, secret, ...jwt } } as AuthModuleOptions & AuthModuleExtras;

  @Module({
    imports: [AuthModule.forRoot(forRoot)],
    controllers: [TokenController, ...controllers],
    providers,
  })
  class FixtureModule {}
  return FixtureModule;
}

/** Any header and any payload, signed. Texts are taken as they are, everything else as JSON. */
export function sign(header: unknown, payload: unknown, key: string | Buffer = secret, hash = 'sha256'): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
}

function encode(value: unknown): string {
  const text = typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value);
  return Buffer.from(text as string).toString('base64url');
}

/** The claims, or the header, of a token's text. */
export function decoded(token: string, part: 'header' | 'claims' = 'claims'): Record<string, any> {
  const text = token.split('.')[part === 'header' ? 0 : 1]!;
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, any>;
}

export function bearer(token: string | undefined): HeaderLines {
  return token === undefined ? [] : [['Authorization', `Bearer ${token}`]];
}

/** The contract of design.md §4: status, and the RFC's word. */
const refusals = {
  token_missing: [401, 'invalid_token'],
  malformed_request: [400, 'invalid_request'],
  token_invalid: [401, 'invalid_token'],
  token_expired: [401, 'invalid_token'],
  token_revoked: [401, 'invalid_token'],
  token_reused: [401, 'invalid_token'],
  wrong_token_type: [401, 'invalid_token'],
  user_not_found: [401, 'invalid_token'],
  fresh_required: [401, 'insufficient_user_authentication'],
  insufficient_scope: [403, 'insufficient_scope'],
  claim_invalid: [403, 'insufficient_scope'],
  token_rejected: [403, 'insufficient_scope'],
  csrf_failed: [403, 'csrf_failed'],
  too_many_refreshes: [429, 'slow_down'],
  oauth_provider_unknown: [404, 'not_found'],
  oauth_response_invalid: [400, 'invalid_request'],
  oauth_flow_unknown: [403, 'access_denied'],
  oauth_flow_expired: [403, 'access_denied'],
  oauth_denied: [403, 'access_denied'],
  oauth_grant_refused: [400, 'invalid_grant'],
  oauth_id_token_invalid: [403, 'access_denied'],
  oauth_user_refused: [403, 'access_denied'],
  oauth_link_refused: [403, 'access_denied'],
  oauth_link_unknown: [404, 'not_found'],
  oauth_identity_taken: [409, 'conflict'],
  oauth_last_credential: [409, 'conflict'],
  oauth_not_authorized: [403, 'access_denied'],
  oauth_reauth_required: [403, 'access_denied'],
  oauth_scope_missing: [403, 'access_denied'],
  oauth_url_refused: [400, 'invalid_request'],
  oauth_provider_failed: [502, 'server_error'],
  oauth_provider_unavailable: [503, 'temporarily_unavailable'],
  oauth_provider_timeout: [504, 'temporarily_unavailable'],
  store_unavailable: [503, 'temporarily_unavailable'],
  keys_unavailable: [503, 'temporarily_unavailable'],
  unsupported_context: [500, 'server_error'],
  reserved_claim: [500, 'server_error'],
  invalid_argument: [500, 'server_error'],
} as const satisfies Record<AuthErrorCode, readonly [status: number, error: string]>;

/** Status, body and challenge are those of the refusal. The challenge is bare when no token came (RFC 6750 §3.1). */
export function expectRefusal(answer: Answer, code: AuthErrorCode, { scheme = 'Bearer' } = {}): void {
  const [status, error] = refusals[code];
  const { status: received, body } = answer;
  expect({ status: received, body }).toEqual({
    status,
    body: { statusCode: status, error, errorCode: code, message: expect.any(String) },
  });
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  const challenge = answer.headers['www-authenticate'];
  if (code === 'token_missing') expect(challenge).toBe(`${scheme} realm="${issuer}"`);
  else if (status === 401 || error === 'insufficient_scope')
    expect(challenge).toContain(`${scheme} realm="${issuer}", error="${error}", error_description="`);
}

function adapterOf(adapter: Adapter): never {
  return (adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter()) as never;
}

function parsed(text: string): Record<string, any> {
  try {
    return JSON.parse(text) as Record<string, any>;
  } catch {
    return {};
  }
}

const nothing = (): void => {};
const silent = { log: nothing, error: nothing, warn: nothing, debug: nothing, verbose: nothing };
