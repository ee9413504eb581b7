import type { AuthError, JwtClaims } from 'nest-latchkey';

/** What the script of a page knows of its session; see `assets/session.js`. */
export interface PageSession {
  /** For how long the access token is good, in seconds; 0 when it has expired. */
  readonly expiresIn: number;
  /** What a refresh has to send, where `ANTI_CSRF` is `token`. */
  readonly antiCsrf: string;
  /** Where to go once an expired token has been refreshed. */
  readonly next: string;
}

export function sessionOf(claims: JwtClaims): PageSession {
  // at least a second: it was good a moment ago
  const expiresIn = Math.max(1, (claims.exp ?? Infinity) - Math.floor(Date.now() / 1000));
  return { expiresIn, antiCsrf: antiCsrfOf(claims), next: '/account' };
}

/** Of a token that was refused; undefined unless a refresh helps. */
export function expiredSession({ code, token }: AuthError, next: string): PageSession | undefined {
  if (code !== 'token_expired') return undefined;
  const { claims = {} } = (token ?? {}) as { claims?: JwtClaims };
  return { expiresIn: 0, antiCsrf: antiCsrfOf(claims), next };
}

function antiCsrfOf(claims: JwtClaims): string {
  return String(claims['csrf'] ?? '');
}
