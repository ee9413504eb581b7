import { AuthConfigError } from '../auth.errors.js';
import type { OAuthEventName, OAuthEventOf, OAuthQuestions } from '../oauth/events/oauth-event.js';
import type { OAuthHandlerResult } from '../oauth/events/oauth-result.js';

/** A method that hears of an event, as its decorators say it. */
export interface OAuthHandling {
  readonly event: OAuthEventName;
  readonly provider: string | undefined;
  readonly order: number;
}

export interface OAuthHandlerOptions {
  /** Handlers with a lower order run first; equal ones in the order in which Nest loads modules and classes. Default 0. */
  order?: number;
}

type Answer<Name extends OAuthEventName> = Name extends keyof OAuthQuestions ? OAuthHandlerResult : unknown;
type Handler<Name extends OAuthEventName> = (event: OAuthEventOf<Name>) => Answer<Name> | Promise<Answer<Name>>;
type HandlerDecorator<Name extends OAuthEventName> = <T extends Handler<Name>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<T>,
) => void;

const HANDLINGS = Symbol.for('nest-latchkey:on-oauth');

/** What the decorators on a method say; empty where there are none. A method that overrides one hears in its place. */
export function handlingsOf(prototype: object, method: string): readonly OAuthHandling[] {
  return (Reflect.getMetadata(HANDLINGS, prototype, method) as OAuthHandling[] | undefined) ?? [];
}

function on<Name extends OAuthEventName>(event: Name) {
  return (provider?: string, { order = 0 }: OAuthHandlerOptions = {}): HandlerDecorator<Name> =>
    (target, key) => {
      // Nest makes no instance that it belongs to, and scans no symbols
      if (typeof target === 'function' || typeof key === 'symbol')
        throw new AuthConfigError(`${nameOf(target)}.${String(key)}`, 'OAuth events are heard by methods with a name');
      const others = (Reflect.getOwnMetadata(HANDLINGS, target, key) as OAuthHandling[] | undefined) ?? [];
      Reflect.defineMetadata(HANDLINGS, [...others, { event, provider, order }], target, key);
    };
}

function nameOf(target: object): string {
  return typeof target === 'function' ? `static ${target.name}` : target.constructor.name;
}

/**
 * Runs before the browser is sent to the provider. The method sees the URL, and can `remember()` data until the answer comes. An
 * OAuthResult that it returns replaces the redirect, and an error that it throws stops the log-in.
 *
 * This decorator and the other `@OnOAuth…()` belong on methods of providers and controllers with the default scope. Request-scoped
 * classes stop the boot; classes that are no providers, and lazily loaded modules, are not found.
 *
 * @param provider the name of one provider. Default: all.
 */
export const OnOAuthBeforeLogin = on('beforeLogin');

/**
 * Runs when the provider's answer has passed every check, before the user is looked up, logged in or linked, and before the grant
 * is stored.
 *
 * Return nothing to go on, `false` to store no grant, or an OAuthResult. Every handler runs. The first answer counts, but a
 * rejection goes over all others. A thrown AuthError or HttpException is the answer; any other error is a 500.
 */
export const OnOAuthAuthorized = on('authorized');

/**
 * Runs when a log-in that began here failed at the provider. An OAuthResult replaces the redirect with `?error=`, or the error
 * answer.
 */
export const OnOAuthError = on('error');

/** Runs when an identity was linked to a user. What handlers of this and the following events return is ignored. */
export const OnOAuthLinked = on('linked');

/** Runs when an identity was unlinked from its user. */
export const OnOAuthUnlinked = on('unlinked');

/** Runs when a stored grant got a new access token. */
export const OnOAuthRefreshed = on('refreshed');

/** Runs once when a stored grant is dead: the user has to consent again. */
export const OnOAuthReauthRequired = on('reauthRequired');

/** Runs when a log-in was granted less scope than it asked for, or a refresh changed the scope of a grant. */
export const OnOAuthScopeChanged = on('scopeChanged');
