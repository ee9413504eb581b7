import type { OAuthLogin } from '../oauth/oauth-login.js';
import type { OAuthOutcome } from '../oauth/oauth.service.js';

type Authorized = Extract<OAuthOutcome, { kind: 'authorized' }>;

/** Passport hands on the user alone: the OAuthLogin. What else is known of it waits here for the controller. */
const outcomes = new WeakMap<OAuthLogin, Authorized>();

export function keepOutcome(outcome: Authorized): void {
  outcomes.set(outcome.login, outcome);
}

/** Of a log-in that the strategy let in. */
export function outcomeOf(login: OAuthLogin): Authorized {
  return outcomes.get(login)!;
}
