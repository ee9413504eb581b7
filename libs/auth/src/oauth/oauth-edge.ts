import type { Provider, Type } from '@nestjs/common';

/** What `oauthLogin()` gives to `forRoot({ oauth })`: the parts that the module takes in. */
export interface OAuthEdge {
  readonly providers: readonly Provider[];
  readonly controllers: readonly Type[];
  /** What an application may inject. */
  readonly exports: readonly unknown[];
  /** It logs users in by itself: `hooks.oauthUser` and sessions in cookies are needed. */
  readonly logsIn: boolean;
}

/** The injection token of {@link OAuthEdge}; null where there is none. */
export const OAUTH_EDGE = Symbol.for('nest-latchkey:oauth-edge');
