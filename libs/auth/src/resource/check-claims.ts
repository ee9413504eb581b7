import type { ExecutionContext } from '@nestjs/common';
import { AuthError } from '../auth.errors.js';
import { askHook } from '../auth.hook-answers.js';
import type { JwtClaims } from '../jwt/claims.js';
import { scopeNames, type Scope } from '../jwt/scope.js';
import type { ActiveToken } from './check-active.js';
import { AnyOf, RequestValue } from './request-value.js';
import type { PresentedToken } from './extract-token.js';
import { Token } from './token.js';
import type { ClaimRequirements } from './require-token.options.js';
import type { TokenRequirement } from './token-requirement.js';
import type { TokenMessage } from './transport.js';
import { whenReady } from './when-ready.js';

declare const granted: unique symbol;

/** A token that met its requirement: the only kind a handler sees. */
export type GrantedToken = Token & { readonly [granted]: true };

type Verify = (token: Token, context: ExecutionContext | undefined) => boolean | Promise<boolean>;

/**
 * Step 4 of 5: does an active token carry what the route asks for (RFC 6750 §3.1)?
 *
 * `override` is asked first; when one of its alternatives is held, `sub`, `claims` and `scope` are not read. Does not look
 * at revocation; step 3 did.
 *
 * @throws AuthError `insufficient_scope`, or `token_rejected` when a `verify` function says no.
 */
export function checkClaims(
  token: ActiveToken,
  requirement: TokenRequirement,
  message: TokenMessage | undefined,
  location: PresentedToken['location'] | undefined,
  hook: Verify | undefined,
): GrantedToken | Promise<GrantedToken> {
  const { claims } = token;
  const overridden = requirement.override.some((alternative) => holdsAll(claims, alternative, message));
  if (!overridden) {
    const missing = missingPart(claims, requirement, message);
    if (missing !== undefined) throw insufficient(token, requirement, missing);
  }
  const result = new Token(token, location, overridden);
  if (hook === undefined && requirement.verify === undefined) return result as GrantedToken;
  return whenReady(askAll([hook, requirement.verify], result, message?.context), () => result as GrantedToken);
}

function missingPart(
  claims: JwtClaims,
  { claims: wanted, scope }: TokenRequirement,
  message: TokenMessage | undefined,
): string | undefined {
  if (wanted !== undefined && !holdsAll(claims, wanted, message)) return 'a required claim is not held';
  if (scope !== undefined && !grants(claims['scope'], scope, message)) return 'the scope does not suffice';
  return undefined;
}

function holdsAll(claims: JwtClaims, wanted: ClaimRequirements, message: TokenMessage | undefined): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    const held = Object.hasOwn(claims, name) ? claims[name] : undefined;
    // in an override too, a scope may be a text or an object
    return name === 'scope' && isScope(value) ? grants(held, value, message) : holds(held, value, message);
  });
}

function isScope(value: unknown): value is Scope {
  if (value === null || value instanceof RequestValue || value instanceof AnyOf) return false;
  return typeof value === 'string' || typeof value === 'object';
}

/** Is `held` what `wanted` asks for: every member, every entry, strictly equal at the leaves? */
function holds(held: unknown, wanted: unknown, message: TokenMessage | undefined): boolean {
  if (wanted instanceof AnyOf) return wanted.values.some((value) => holds(held, value, message));
  if (Array.isArray(wanted)) {
    return Array.isArray(held) && wanted.every((value) => held.some((member) => isEntry(member, value, message)));
  }
  if (wanted instanceof RequestValue) return holdsText(held, message?.value(wanted));
  if (typeof wanted === 'object' && wanted !== null) return holdsMembers(held, wanted, message);
  return held === wanted || (Array.isArray(held) && held.includes(wanted));
}

/** An entry is compared as a whole: a list inside a list is no membership of the outer one. */
function isEntry(member: unknown, wanted: unknown, message: TokenMessage | undefined): boolean {
  if (wanted instanceof AnyOf) return wanted.values.some((value) => isEntry(member, value, message));
  return Array.isArray(member) === Array.isArray(wanted) && holds(member, wanted, message);
}

function holdsMembers(held: unknown, wanted: object, message: TokenMessage | undefined): boolean {
  if (typeof held !== 'object' || held === null || Array.isArray(held)) return false;
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(held, name) && holds((held as Record<string, unknown>)[name], value, message),
  );
}

/** A text of the request equals a text, or the decimal digits of a number; never anything else. */
function holdsText(held: unknown, text: string | undefined): boolean {
  if (text === undefined) return false;
  return held === text || (typeof held === 'number' && String(held) === text);
}

/** Does the scope `held` (a text of RFC 8693 §4.2, a list or an object) grant all of `wanted`? Names are compared whole. */
function grants(held: unknown, wanted: Scope, message: TokenMessage | undefined): boolean {
  const isNames = typeof wanted === 'string' || Array.isArray(wanted);
  if (!isNames && typeof held === 'object' && !Array.isArray(held)) return holds(held, wanted, message);
  const names = new Set(scopeNames(held));
  // a text holds names only: a member with another value than true cannot be met by one
  if (!isNames && Object.values(wanted).some((value) => value !== true)) return false;
  return scopeNames(wanted).every((name) => names.has(name));
}

function insufficient(token: ActiveToken, requirement: TokenRequirement, reason: string): AuthError {
  return new AuthError('insufficient_scope', {
    reason,
    token,
    ...(requirement.scopeText && { scope: requirement.scopeText }),
  });
}

async function askAll(
  questions: readonly (Verify | undefined)[],
  token: Token,
  context: ExecutionContext | undefined,
): Promise<void> {
  for (const ask of questions) {
    if (ask === undefined) continue;
    if ((await askHook('verify', () => ask(token, context))) !== true) throw new AuthError('token_rejected', { token });
  }
}
