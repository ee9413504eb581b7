import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

/** What a test lets the provider do otherwise; everything else it does well. */
export interface Script {
  /** Of the discovery document; undefined takes a member out. */
  metadata?: Json;
  /** Of the parameters that come back in the browser. */
  answer?: Record<string, string | undefined>;
  claims?: Json;
  header?: Json;
  /** Instead of the ID token that is signed well. */
  idToken?: (good: string, claims: Json) => string;
  /** Members of the token answer. */
  token?: Json;
  userinfo?: Json;
  keys?: Json[];
  /** The whole of what an endpoint does, by its path. */
  at?: Record<string, (request: IncomingMessage, response: ServerResponse, body: URLSearchParams) => void>;
}

export const keyPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const otherPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicKey = { ...keyPair.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' };

/** A provider that does what a test says: for answers that no real provider gives. */
export class ScriptedProvider {
  script: Script = {};
  readonly seen: { path: string; body: URLSearchParams; headers: IncomingMessage['headers'] }[] = [];
  issuer = '';
  private server!: Server;
  private nonce = '';

  async start(): Promise<void> {
    this.server = createServer((request, response) => void this.serve(request, response));
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.issuer = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  reset(script: Script = {}): void {
    this.script = script;
    this.seen.length = 0;
  }

  count(path: string): number {
    return this.seen.filter((request) => request.path === path).length;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const url = new URL(request.url ?? '', this.issuer);
    const body = new URLSearchParams(text);
    this.seen.push({ path: url.pathname, body, headers: request.headers });
    const own = this.script.at?.[url.pathname];
    if (own !== undefined) return own(request, response, body);
    if (url.pathname === '/authorize') return this.authorize(url.searchParams, response);
    const answer = this.answerOf(url.pathname);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  }

  private answerOf(path: string): unknown {
    const { metadata, keys = [publicKey], userinfo } = this.script;
    const { issuer } = this;
    if (path === '/.well-known/openid-configuration')
      return {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        userinfo_endpoint: `${issuer}/userinfo`,
        ...metadata,
      };
    if (path === '/jwks') return { keys };
    if (path === '/userinfo') return { sub: 'bob', email: 'bob@example.com', email_verified: true, ...userinfo };
    if (path === '/token') return this.token();
    return undefined;
  }

  private authorize(query: URLSearchParams, response: ServerResponse): void {
    this.nonce = query.get('nonce') ?? '';
    const back = new URL(query.get('redirect_uri')!);
    const answer = { code: 'the code', state: query.get('state')!, iss: undefined, ...this.script.answer };
    for (const [name, value] of Object.entries(answer)) if (value !== undefined) back.searchParams.set(name, value);
    response.writeHead(302, { location: back.href }).end();
  }

  private token(): Json {
    const { claims, header, idToken, token } = this.script;
    const accessToken = randomBytes(16).toString('hex');
    const now = Math.floor(Date.now() / 1000);
    const all: Json = withoutUndefined({
      iss: this.issuer,
      sub: 'bob',
      aud: 'app',
      iat: now,
      exp: now + 300,
      nonce: this.nonce,
      at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
      ...claims,
    });
    const good = signedJwt({ alg: 'RS256', kid: 'one', ...header }, all, keyPair.privateKey);
    const tokens = { access_token: accessToken, token_type: 'Bearer', expires_in: 300 };
    return withoutUndefined({ ...tokens, id_token: idToken?.(good, all) ?? good, ...token });
  }
}

function withoutUndefined(members: Json): Json {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** RS256, whatever the header says. */
export function signedJwt(header: Json, claims: Json, key: KeyObject): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}
