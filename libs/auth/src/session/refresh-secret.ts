import { createHash, randomBytes, randomUUID } from 'node:crypto';

/** What a client holds to refresh a session: `<session id>.<256 random bits>`. The store gets the hash of the secret alone. */
export interface RefreshSecret {
  readonly sessionId: string;
  /** SHA-256 of the secret, base64url. A secret of full entropy needs no slow hash (ST-02). */
  readonly hash: string;
}

const form = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/;

export const newSessionId = (): string => randomUUID();

/** A new refresh token of a session. @returns its text, for the client alone, and the hash for the store. */
export function newRefreshSecret(sessionId: string): { text: string; hash: string } {
  const secret = randomBytes(32).toString('base64url');
  return { text: `${sessionId}.${secret}`, hash: hashOf(secret) };
}

/** Undefined for a text of another form: then no store needs to be asked. */
export function readRefreshSecret(text: unknown): RefreshSecret | undefined {
  const [, sessionId, secret] = (typeof text === 'string' && form.exec(text)) || [];
  return sessionId === undefined ? undefined : { sessionId, hash: hashOf(secret!) };
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
