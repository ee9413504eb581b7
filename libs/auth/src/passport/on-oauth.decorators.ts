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
  /** Handlers of an event run from the lowest to the highest; those of one order as Nest knows their modules and classes. Default 0. */
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
 * Before the browser is sent to the provider: the method sees the URL, and can `remember()` data until the answer comes. Its
 * answer takes the place of the redirect, and what it throws stops it.
 *
 * This and its siblings stand on a method of any provider or controller that Nest makes once. Other classes are not seen,
 * nor are modules that are loaded lazily.
 *
 * @param provider the name of the provider to hear of. Default all.
 */
export const OnOAuthBeforeLogin = on('beforeLogin');

/**
 * The provider vouches for somebody, and nothing is done yet: nobody is looked up, logged in, linked or stored.
 *
 * Return nothing to go on, `false` or an OAuthResult. Every handler runs; the first answer counts, a refusal wherever it
 * stands. An AuthError or HttpException that is thrown is the answer; any other error is a 500.
 */
export const OnOAuthAuthorized = on('authorized');

/**
 * A log-in that was begun here failed at the provider. An answer takes the place of the redirect with `?error=`, or of our
 * refusal.
 */
export const OnOAuthError = on('error');

/** An identity now belongs to a user. */
export const OnOAuthLinked = on('linked');

/** It does no longer. */
export const OnOAuthUnlinked = on('unlinked');

/** A stored grant has a new access token. */
export const OnOAuthRefreshed = on('refreshed');

/** A stored grant is dead: the user has to consent again. */
export const OnOAuthReauthRequired = on('reauthRequired');

/** The provider grants less than a log-in asked for, or another scope than before. */
export const OnOAuthScopeChanged = on('scopeChanged');
