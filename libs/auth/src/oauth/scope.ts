import { AuthError } from '../auth.errors.js';
import type { Flow } from './flow.js';
import { isScope } from './provider-checks.js';
import type { CodeProvider, OAuthProvider } from './provider.js';

/** Characters: the flow has to fit into a cookie. */
const longest = 1_024;

/** What a flow asks for (RFC 6749 §3.3): what the provider is configured with, and what was asked for beside it. */
export function requestedScope({ scope }: CodeProvider, { scope: more = [] }: Pick<Flow, 'scope'>): string[] {
  return [...new Set([...scope, ...more])];
}

/**
 * What of a scope the provider's own does not have.
 *
 * @throws AuthError `invalid_argument` for what is no scope, and for any at a provider of OAuth 1, which knows none.
 */
export function furtherScope(provider: OAuthProvider, scope: readonly string[]): string[] {
  if (!isScope(scope)) throw invalid("must be a list of scope values, such as ['repo']");
  if (scope.length === 0) return [];
  if (provider.kind === 'oauth1') throw invalid(`is none of OAuth 1, which ${provider.name} speaks: leave it out`);
  const more = [...new Set(scope)].filter((value) => !provider.scope.includes(value));
  if (more.join(' ').length > longest) throw invalid(`has more than ${longest} characters`);
  return more;
}

function invalid(problem: string): AuthError {
  return new AuthError('invalid_argument', { reason: `scope ${problem}` });
}
