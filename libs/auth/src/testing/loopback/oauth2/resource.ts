import { refusal, type Answer } from '../answer.js';
import { endpoints } from '../endpoints.js';
import type { LoopbackUser } from '../loopback.options.js';
import type { LoopbackRequest } from '../server.js';
import type { Grants, IssuedAccess } from './grants.js';

/** What a bearer token opens (RFC 6750): userinfo, and an API that says what it was asked. */
export class Resource {
  constructor(private readonly grants: Grants) {}

  /** OpenID Connect Core §5.3, §5.4. */
  userinfo(request: LoopbackRequest): Answer {
    const { grant, scope } = this.bearer(request);
    if (grant.isOfClient) throw refusal(403, 'insufficient_scope', 'the token is of no user', insufficientScope);
    return { kind: 'json', members: scope.includes('openid') ? claimsOf(grant.user, scope) : profileOf(grant.user) };
  }

  api(request: LoopbackRequest): Answer {
    return apiAnswer(request, endpoints.api, this.bearer(request).grant.user);
  }

  /** The header alone: a token in a URL or a form is a mistake (RFC 9700 §4.3.2). */
  private bearer({ headers: { authorization } }: LoopbackRequest): IssuedAccess {
    const challenge = { 'www-authenticate': 'Bearer realm="loopback"' };
    if (authorization === undefined) throw refusal(401, 'invalid_request', 'no Authorization header', challenge);
    const [, token = ''] = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization) ?? [];
    const access = this.grants.findAccess(token);
    if (access !== undefined) return access;
    const word = { 'www-authenticate': 'Bearer realm="loopback", error="invalid_token"' };
    throw refusal(401, 'invalid_token', 'the access token is unknown, revoked or expired', word);
  }
}

/** RFC 6750 §3.1. */
const insufficientScope = { 'www-authenticate': 'Bearer realm="loopback", error="insufficient_scope"' };

/** `/me` is who asks, every other path says what it was asked: to see what a client really sends. */
export function apiAnswer(request: LoopbackRequest, base: string, user: LoopbackUser): Answer {
  const path = request.url.pathname.slice(base.length + 1);
  if (path === 'me') return { kind: 'json', members: profileOf(user) };
  const { method, url, body } = request;
  return { kind: 'json', members: { user: user.sub, method, path, query: [...url.searchParams], body } };
}

/** An API of its own words, as those of plain OAuth 2 are: `id` instead of `sub`. */
function profileOf({ sub, ...claims }: LoopbackUser): Record<string, unknown> {
  return { id: sub, ...claims };
}

/** OpenID Connect Core §5.4. */
const scopeOfClaim: Readonly<Record<string, string>> = {
  email: 'email',
  email_verified: 'email',
  phone_number: 'phone',
  phone_number_verified: 'phone',
  address: 'address',
};

function claimsOf(user: LoopbackUser, scope: readonly string[]): Record<string, unknown> {
  const told = Object.entries(user).filter(
    ([name]) => name === 'sub' || scope.includes(scopeOfClaim[name] ?? 'profile'),
  );
  return Object.fromEntries(told);
}
