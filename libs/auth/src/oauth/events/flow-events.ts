import type { Clock } from '../../auth.clock.js';
import { AuthError } from '../../auth.errors.js';
import type { AuthEventListener } from '../../auth.events.js';
import type { JsonValue } from '../../jwt/claims.js';
import type { FlowStart } from '../dance.js';
import type { Flow } from '../flow.js';
import type { OAuthLogin } from '../oauth-login.js';
import { answering } from './oauth-answer.js';
import { OAuthAuthorizedEvent, OAuthBeforeLoginEvent, OAuthErrorEvent, type OAuthFlowInfo } from './oauth-event.js';
import type { OAuthListeners } from './oauth-listeners.js';
import type { OAuthAnswer, OAuthVerdict } from './oauth-result.js';
import type { OAuthExchange, OAuthTransport } from '../oauth-transport.js';
import type { ProviderFailure } from '../provider-errors.js';

export interface FlowEventsParts {
  readonly listeners: OAuthListeners;
  readonly transport: OAuthTransport;
  readonly clock: Clock;
  readonly emit: AuthEventListener;
}

/** Bytes of JSON: five flows with such data still fit into the 8 KB that servers take of one header. */
const mostData = 256;

/** Whom a log-in tells what, and asks: the listener of the module, and the application's handlers. */
export class FlowEvents {
  constructor(private readonly parts: FlowEventsParts) {}

  /**
   * The browser is about to be sent to the provider.
   *
   * @returns the flow, with the data that handlers keep in it.
   * @throws the answer of a handler, and what one throws: the browser stays here.
   */
  async begins<F extends Flow>(flow: F, location: string, exchange: OAuthExchange): Promise<F> {
    const { listeners, transport } = this.parts;
    let data: Record<string, JsonValue> = {};
    const remember = (more: Readonly<Record<string, JsonValue>>) => void (data = joined(data, more));
    const parts = { provider: flow.provider, flow: infoOf(flow), request: exchange.request };
    const { answer } = await listeners.ask('beforeLogin', new OAuthBeforeLoginEvent(parts, location, remember));
    if (answer !== undefined) throw answering(transport, exchange, answer, flow.returnTo);
    return Object.keys(data).length === 0 ? flow : { ...flow, data };
  }

  /** The provider vouches for somebody, and nothing is done yet. */
  async succeeds(login: OAuthLogin, flow: Flow, { request }: OAuthExchange): Promise<OAuthVerdict> {
    const { listeners, clock, emit } = this.parts;
    const { provider } = login;
    const { issuer, subject } = login.identity;
    emit('oauth.authorized', { provider, issuer, subject, at: clock.now() });
    const parts = { provider, login, flow: infoOf(flow), request };
    const verdict = await listeners.ask('authorized', new OAuthAuthorizedEvent(parts));
    if (verdict.answer?.kind === 'reject') {
      const reason = `a handler of the application rejected the log-in: ${verdict.answer.reason}`;
      emit('refused', { code: 'oauth_user_refused', reason, at: clock.now() });
    } else if (login.requestedScope.some((value) => !login.grantedScope.includes(value)))
      void listeners.tell('scopeChanged', parts);
    return verdict;
  }

  /** Something failed at the provider. @returns what a handler answered. */
  async fails(failure: ProviderFailure, flow: FlowStart, { request }: OAuthExchange): Promise<OAuthAnswer | undefined> {
    const { listeners, clock, emit } = this.parts;
    const { provider } = flow;
    const { phase, word, error } = failure;
    emit('oauth.failed', {
      provider,
      phase,
      code: error.code,
      at: clock.now(),
      ...(error.reason !== undefined && { reason: error.reason }),
      ...(word !== undefined && { error: word }),
    });
    const { answer } = await listeners.ask(
      'error',
      new OAuthErrorEvent({
        provider,
        flow: infoOf(flow),
        request,
        phase,
        cause: error,
        code: word ?? error.code,
        description: failure.description,
        uri: failure.uri,
        httpStatus: failure.status,
      }),
    );
    return answer;
  }
}

function infoOf({ returnTo, data = {} }: FlowStart): OAuthFlowInfo {
  return { returnTo, data };
}

function joined(data: Record<string, JsonValue>, more: unknown): Record<string, JsonValue> {
  const text = typeof more === 'object' && more !== null ? textOf({ ...data, ...more }) : undefined;
  if (text === undefined) throw invalid('takes an object that JSON can write');
  if (Buffer.byteLength(text) > mostData)
    throw invalid(`keeps ${mostData} bytes of JSON in all: keep an id, and the rest in a store`);
  return JSON.parse(text) as Record<string, JsonValue>;
}

function textOf(value: object): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function invalid(problem: string): AuthError {
  return new AuthError('invalid_argument', { reason: `remember() of @OnOAuthBeforeLogin() ${problem}` });
}
