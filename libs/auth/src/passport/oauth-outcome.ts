import type { OAuthLogin } from '../oauth/oauth-login.js';
import type { OAuthAuthorized } from '../oauth/oauth.service.js';

/** Passport hands on the user alone: the OAuthLogin. What else is known of it waits here for the controller. */
const outcomes = new WeakMap<OAuthLogin, OAuthAuthorized>();

export function keepOutcome(outcome: OAuthAuthorized): void {
  outcomes.set(outcome.login, outcome);
}

/** Of a log-in that the strategy let in. */
export function outcomeOf(login: OAuthLogin): OAuthAuthorized {
  return outcomes.get(login)!;
}
