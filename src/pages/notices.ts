import { html, type Html } from './html.js';

/** What was done before a redirect, by the code in its query. Anybody can write a query: it chooses among these texts. */
const done: Readonly<Record<string, string>> = {
  'signed-up': 'Your account is made, and you are logged in.',
  'logged-out': 'You are logged out.',
  'device-ended': 'That device is logged out.',
  'others-ended': 'All other devices are logged out.',
  linked: 'The account is linked: it logs you in from now on.',
  unlinked: 'The account is unlinked: it cannot log you in any more.',
};

/** Why a provider sent the browser back, by its word (RFC 6749 §4.1.2.1). */
const denials: Readonly<Record<string, string>> = {
  access_denied: 'The provider did not let you in, or you did not want to go on.',
};

/** The query of a page. */
export interface PageQuery {
  readonly done?: unknown;
  readonly error?: unknown;
}

/** What the redirect to a page has to tell. */
export function noticeOf({ done: code, error }: PageQuery): Html | undefined {
  if (error !== undefined)
    return problem(textOf(denials, error) ?? 'The log-in with the provider came to nothing. Try it again.');
  const text = textOf(done, code);
  return text === undefined ? undefined : html`<p class="notice" role="status">${text}</p>`;
}

/** Read out at once, wherever the reader is. */
export function problem(text: string): Html {
  return html`<p class="notice problem" role="alert" id="problem">${text}</p>`;
}

function textOf(texts: Readonly<Record<string, string>>, code: unknown): string | undefined {
  return typeof code === 'string' && Object.hasOwn(texts, code) ? texts[code] : undefined;
}
