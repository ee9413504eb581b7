import type { OAuthAnswer } from './oauth-result.js';
import type { OAuthExchange, OAuthTransport } from '../oauth-transport.js';

/** The exception that gives the browser what a handler answered. */
export function answering(
  transport: Pick<OAuthTransport, 'redirect' | 'respond'>,
  exchange: OAuthExchange,
  answer: OAuthAnswer,
  returnTo: string,
): Error {
  if (answer.kind === 'respond') return transport.respond(exchange, answer.body, answer.type);
  return transport.redirect(exchange, answer.kind === 'redirect' ? answer.url : withError(returnTo, answer.reason));
}

/** The page that the log-in returns to is told why there is none. */
export function withError(returnTo: string, word: string): string {
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/.exec(returnTo) ?? [];
  return `${path}${query === '' ? '?' : `${query}&`}error=${encodeURIComponent(word)}${fragment}`;
}
