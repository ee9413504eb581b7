import type { AuthEventListener } from './auth.events.js';
import type { OAuthHooks } from './oauth/oauth-hooks.js';
import type { RequestHooks } from './resource/request-hooks.js';
import type { IssueHooks } from './session/issue-hooks.js';

/** Everything an application can add, as an object or as a class that Nest makes, with what `imports` exports. */
export interface AuthHooks extends RequestHooks, IssueHooks, OAuthHooks {
  /** Told of every event, after the fact. What it throws changes no answer. */
  onEvent?: AuthEventListener;
}

/** All hooks, for the check at boot that none is misspelt. */
export const authHookNames = Object.keys({
  ...{ verificationKey: true, isRevoked: true, verify: true, loadUser: true },
  ...{
    subject: true,
    claims: true,
    header: true,
    sessionGrant: true,
    signingKey: true,
    oauthUser: true,
    hasOtherCredential: true,
    userOfEmail: true,
    onEvent: true,
  },
} satisfies Record<keyof AuthHooks, true>) as readonly (keyof AuthHooks)[];

/** The injection token of the application's hooks. */
export const AUTH_HOOKS = Symbol.for('nest-latchkey:hooks');
