import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** What a client holds to refresh a session: `<session id>.<256 random bits>`. The store gets the hash of the secret alone. */
export interface RefreshToken {
  /** The text itself, for the client alone. */
  readonly raw: string;
  readonly sessionId: string;
  /** Of the secret, see {@link secretHash}. */
  readonly hash: string;
}

const form = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;

export const newSessionId = (): string => randomUUID();

export function newRefreshToken(sessionId: string): RefreshToken {
  const secret = randomBytes(32).toString('base64url');
  return { raw: `${sessionId}.${secret}`, sessionId, hash: secretHash(secret) };
}

/** Undefined for a text of another form: then no store needs to be asked. */
export function readRefreshToken(raw: unknown): RefreshToken | undefined {
  if (typeof raw !== 'string') return undefined;
  const [, sessionId, secret] = form.exec(raw) ?? [];
  return sessionId === undefined ? undefined : { raw, sessionId, hash: secretHash(secret!) };
}

/** As a store holds a secret: SHA-256, base64url. A secret of full entropy needs no slow hash (ST-02). */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
