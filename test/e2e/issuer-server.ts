import { createPublicKey, randomUUID, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';

/** A key of another issuer, as its JWK set shows it. */
export interface IssuerKey {
  readonly kid?: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
}

type Answer = (response: ServerResponse) => void;

/** Another issuer on the loopback: publishes its metadata and its JWK set, and counts who asks. */
export class IssuerServer {
  /** The paths asked for, in order. */
  readonly requests: string[] = [];
  keys: readonly IssuerKey[] = [];
  /** Other members of the set. */
  extraKeys: readonly JsonWebKey[] = [];
  /** What is answered instead, by path or for every path. */
  instead: Record<string, Answer> = {};
  metadata: Record<string, unknown> = {};
  url = '';
  private readonly server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    this.requests.push(path);
    const answer = this.instead[path] ?? this.instead['*'];
    if (answer !== undefined) answer(response);
    else if (path === '/jwks.json') sendJson(response, { keys: [...this.keys.map(publicJwk), ...this.extraKeys] });
    else if (path === '/.well-known/openid-configuration') {
      sendJson(response, { issuer: this.url, jwks_uri: `${this.url}/jwks.json`, ...this.metadata });
    } else response.writeHead(404).end();
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** A token as this issuer makes it: an access token of RFC 9068 for alice, but for what is given. */
  token(
    now: number,
    { claims = {}, header = {}, key = this.keys[0]! }: { claims?: object; header?: object; key?: IssuerKey } = {},
  ): Promise<string> {
    const standard = {
      iss: this.url,
      aud: 'https://api.example.com',
      sub: 'alice',
      iat: now,
      exp: now + 300,
      jti: randomUUID(),
    };
    const { kid, algorithm: alg } = key;
    return new SignJWT({ ...standard, ...claims })
      .setProtectedHeader({ alg, typ: 'at+jwt', ...(kid !== undefined && { kid }), ...header })
      .sign(key.privateKey);
  }
}

export function publicJwk({ kid, algorithm, privateKey }: IssuerKey): JsonWebKey {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return { ...jwk, ...(kid !== undefined && { kid }), alg: algorithm, use: 'sig' };
}

export function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** A token signed by hand, with keys that jose would refuse too. */
export function signedBy(privateKey: KeyObject, alg: string, header: object, claims: object): string {
  const input = [{ alg, ...header }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const hash = `sha${alg.slice(2)}`;
  const signature = sign(hash, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}
