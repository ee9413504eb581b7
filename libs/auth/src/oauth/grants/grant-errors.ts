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

  toAuthError(authorizationUrl: string): AuthError {
    return new AuthError(this.code, { reason: this.reason, authorizationUrl });
  }
}
