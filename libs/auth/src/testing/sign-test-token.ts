import type { INestApplicationContext } from '@nestjs/common';
import { Clock } from '../auth.clock.js';
import { parseDuration, type Duration } from '../auth.durations.js';
import { AuthService } from '../auth.service.js';
import type { JwtClaims, JwtHeader } from '../jwt/claims.js';
import type { KeyOptions } from '../jwt/jwt.options.js';
import { KeyRing } from '../jwt/key-ring.js';
import { createJwtKey, type JwtKey } from '../jwt/keys.js';
import { signText } from '../jwt/signature.js';
import type { IssueOptions } from '../session/token-issuer.js';

/** How a test's token differs from one that the application would issue. Nothing given is checked. */
export interface TestTokenOptions extends Pick<IssueOptions, 'type' | 'scope' | 'fresh'> {
  /** Laid over the claims, the reserved ones too; any JSON value. */
  claims?: Record<string, unknown>;
  /** Claims to leave out. */
  omit?: readonly string[];
  /** Seconds from now or a text such as `'5m'`; a negative number: expired so long ago. */
  expiresIn?: Duration;
  /** Laid over the header, `alg`, `kid` and `typ` too; undefined takes a member out. */
  header?: Record<string, unknown>;
  /** Signs instead of the application's key: a stranger's. */
  key?: KeyOptions;
}

/**
 * A token of the application, good unless the options make it bad: it is issued by its AuthService, with its hooks, and
 * signed anew by its own key where something was changed.
 *
 * @throws AuthConfigError when the application can only verify.
 */
export async function signTestToken(
  app: INestApplicationContext,
  user: unknown,
  options: TestTokenOptions = {},
): Promise<string> {
  const { type, scope, fresh, ...changes } = options;
  const issue = { ...(scope !== undefined && { scope }), ...(fresh !== undefined && { fresh }) };
  const auth = app.get(AuthService, { strict: false });
  const good =
    type === 'refresh'
      ? await auth.issueRefreshToken(user, issue)
      : await auth.issueAccessToken(user, { ...issue, ...(type !== undefined && { type }) });
  if (Object.keys(changes).length === 0) return good;

  const { header, claims } = auth.decodeUnverified(good);
  const key = keyOf(app, changes.key);
  const now = Math.floor(app.get(Clock, { strict: false }).now() / 1000);
  return sign(key, changedHeader(header, key, changes), changedClaims(claims, now, changes));
}

function keyOf(app: INestApplicationContext, stranger: KeyOptions | undefined): JwtKey {
  return stranger === undefined ? app.get(KeyRing, { strict: false }).current : createJwtKey('key', stranger);
}

function changedHeader(header: JwtHeader, key: JwtKey, changes: TestTokenOptions): object {
  return { ...header, alg: key.algorithm, kid: key.kid, ...changes.header };
}

function changedClaims(
  claims: JwtClaims,
  now: number,
  { claims: given, omit = [], expiresIn }: TestTokenOptions,
): object {
  const left = typeof expiresIn === 'number' ? expiresIn : parseDuration(expiresIn);
  if (expiresIn !== undefined && left === undefined)
    throw new TypeError("expiresIn takes seconds or a text such as '5m'");
  const changed = { ...claims, ...(left !== undefined && { exp: now + left }), ...given };
  return Object.fromEntries(Object.entries(changed).filter(([name]) => !omit.includes(name)));
}

/** Unlike the library's own signing, it lets the caller write `alg` and `kid`. */
function sign(key: JwtKey, header: object, claims: object): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${signText(key, input)}`;
}
