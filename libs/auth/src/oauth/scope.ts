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

/**
 * What a user is asked for anew, beside the provider's own: what was granted before, so that a provider which forgets the old scope takes
 * nothing away, and what is missing. Of what a provider says that it granted, some may be nothing to ask for; and together they may be
 * too long, where what is missing counts.
 *
 * @throws AuthError `invalid_argument` as `furtherScope()`
 */
export function consentScope(
  provider: OAuthProvider,
  granted: readonly string[],
  missing: readonly string[],
): string[] {
  const all = [...granted.filter((value) => isScope([value])), ...missing];
  return furtherScope(provider, all.join(' ').length > longest ? missing : all);
}

function invalid(problem: string): AuthError {
  return new AuthError('invalid_argument', { reason: `scope ${problem}` });
}
