import { AuthError, type AuthErrorCode } from '../../auth.errors.js';

/** Refusals that only the user can mend, at the provider. */
export type GrantErrorCode = Extract<
  AuthErrorCode,
  'oauth_not_authorized' | 'oauth_reauth_required' | 'oauth_scope_missing'
>;

/** Carries such a refusal to where it is known at which URL the user begins. Never leaves this folder. */
export class GrantProblem extends Error {
  constructor(
    readonly code: GrantErrorCode,
    readonly reason: string,
    /** Scope that the grant lacks, as far as it is known here. */
    readonly missing: readonly string[] = [],
  ) {
    super(reason);
  }

  /** @param authorizationUrl undefined of the application's own token: nobody consents to it, so it is our client that is refused. */
  toAuthError(authorizationUrl: string | undefined): AuthError {
    if (authorizationUrl !== undefined) return new AuthError(this.code, { reason: this.reason, authorizationUrl });
    const code = this.code === 'oauth_reauth_required' ? 'oauth_provider_failed' : this.code;
    return new AuthError(code, { reason: this.reason });
  }
}
