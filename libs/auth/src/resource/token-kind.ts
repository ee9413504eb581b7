import type { TokenRequirement } from './token-requirement.js';

/** The two kinds of token that have a cookie, a member of the body and an anti-CSRF value of their own. */
export type TokenKind = 'access' | 'refresh';

/** Which of the two a route looks for: a token of any other type travels where an access token does. */
export function kindOf({ type }: Pick<TokenRequirement, 'type'>): TokenKind {
  return type === 'refresh' ? 'refresh' : 'access';
}
