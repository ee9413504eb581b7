import type { Flow } from './flow.js';
import type { OAuthLogin } from './oauth-login.js';
import type { OAuthProvider } from './provider.js';

/** A flow, as far as it does not depend on the protocol. */
export type FlowStart = Omit<Flow, 'state'>;

/** The provider's answer in the browser: nothing was spent for it yet. */
export type DanceAnswer = { readonly kind: 'granted'; readonly redeem: () => Promise<OAuthLogin> } | DanceDenial;

/** The provider said no. */
export interface DanceDenial {
  readonly kind: 'denied';
  /** Its own word. */
  readonly word: string;
  /** What `descriptionOf()` leaves of its text. */
  readonly description?: string | undefined;
  /** What `pageOf()` leaves of the URL that explains it. */
  readonly uri?: string | undefined;
}

/** A log-in as its protocol does it. What binds it to the browser, and lets it end but once, is OAuthService's. */
export interface Dance {
  readonly provider: OAuthProvider;

  /** Does the answer come in a form that the provider's page posts? */
  readonly isCrossSite: boolean;

  /** Are the parameters those of an answer? Whoever comes without any of them begins. */
  isAnswer(values: URLSearchParams): boolean;

  /**
   * @returns where to send the browser, and the flow with what its answer is checked by: `state` alone names it, and is known
   * to nobody else.
   * @throws ProviderProblem
   */
  begin(start: FlowStart): Promise<{ flow: Flow; location: string }>;

  /**
   * The `state` of the flow that an answer belongs to, before anything is known of it.
   *
   * @throws AuthError `oauth_response_invalid` when the answer came another way than it was asked for, or is none.
   */
  stateOf(method: string, values: URLSearchParams): string;

  /**
   * Is this the answer to the flow? Spends nothing: `redeem()` does.
   *
   * @throws ProviderProblem, and so does `redeem()`.
   */
  read(values: URLSearchParams, flow: Flow): Promise<DanceAnswer>;
}
