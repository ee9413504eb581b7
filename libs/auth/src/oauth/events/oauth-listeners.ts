import { HttpException, InternalServerErrorException, Logger } from '@nestjs/common';
import { AuthError } from '../../auth.errors.js';
import { OAuthEvent, type OAuthEventName, type OAuthEventOf, type OAuthEventParts } from './oauth-event.js';
import type { OAuthNews, OAuthQuestions } from './oauth-event.js';
import { OAuthResult, type OAuthVerdict } from './oauth-result.js';

/** One handler of one event. */
export interface OAuthListener<Name extends OAuthEventName = OAuthEventName> {
  readonly event: Name;
  /** Undefined hears of every provider. */
  readonly provider: string | undefined;
  /** For the log. */
  readonly name: string;
  readonly handle: (event: OAuthEventOf<Name>) => unknown;
}

/**
 * Who hears of what happens with providers. The edge adds the application's handlers at boot; until then, and without any,
 * everything goes its usual way.
 *
 * Handlers of an event run one after the other, in the order in which they were added.
 */
export class OAuthListeners {
  private readonly logger = new Logger(OAuthListeners.name);
  private readonly listeners: OAuthListener[] = [];

  add(listener: OAuthListener): void {
    this.listeners.push(listener);
  }

  /**
   * Ask before something is done. Every handler is asked, whatever others said. The first answer counts, but a refusal
   * counts wherever it stands. What a handler throws ends it at once.
   *
   * @throws AuthError `invalid_argument` for a result that is none; AuthError, HttpException: what a handler threw. Anything else it
   *   throws becomes a plain 500; the log tells where, without its message, which could hold a token.
   */
  async ask<Name extends keyof OAuthQuestions>(name: Name, event: OAuthQuestions[Name]): Promise<OAuthVerdict> {
    const results: (OAuthResult | false | undefined)[] = [];
    for (const listener of this.of(name, event.provider)) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one handler after the other
        results.push(resultOf(await listener.handle(event as never), listener.name));
      } catch (error) {
        if (error instanceof AuthError || error instanceof HttpException) throw error;
        this.log(listener, error);
        throw new InternalServerErrorException();
      }
    }
    return verdictOf(results);
  }

  /**
   * Tell what has happened. What a handler returns or throws changes nothing: the log tells what it threw.
   *
   * Never rejects. A handler can take its time: do not wait where others wait for you.
   */
  async tell(name: keyof OAuthNews, parts: OAuthEventParts): Promise<void> {
    const event = new OAuthEvent(parts);
    for (const listener of this.of(name, parts.provider)) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one handler after the other
        await listener.handle(event as never);
      } catch (error) {
        this.log(listener, error);
      }
    }
  }

  private of(name: OAuthEventName, provider: string): OAuthListener[] {
    return this.listeners.filter((one) => one.event === name && (one.provider ?? provider) === provider);
  }

  private log({ name, event }: OAuthListener, error: unknown): void {
    this.logger.error(`${name} threw ${nameOf(error)} at ${event}`, framesOf(error));
  }
}

/** What only looks like a result could be meant as a refusal: it is no leave to go on. */
function resultOf(returned: unknown, name: string): OAuthResult | false | undefined {
  if (returned === undefined || returned === null) return undefined;
  if (returned === false || returned instanceof OAuthResult) return returned;
  const reason = `${name} returned something else than nothing, false or an OAuthResult`;
  throw new AuthError('invalid_argument', { reason });
}

function verdictOf(results: readonly (OAuthResult | false | undefined)[]): OAuthVerdict {
  const given = results.flatMap((result) => (result && result.answer !== undefined ? [result.answer] : []));
  return {
    store: results.every((result) => result === undefined || (result !== false && result.store)),
    answer: given.find(({ kind }) => kind === 'reject') ?? given[0],
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/** Where it was thrown, without the message. */
function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const lines = String(error.stack).split('\n');
  return lines.filter((line) => /^\s+at \S.*:\d+:\d+\)?$/.test(line)).join('\n');
}
