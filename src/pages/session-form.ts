import { html, type Content, type Html } from './html.js';

export interface SessionForm {
  /** Below `/account/`. */
  readonly action: string;
  readonly label: Content;
  /** Of the session; see `forms/form-proof.ts`. */
  readonly proof: string;
  /** What is sent along. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly look?: 'primary' | 'quiet';
}

/** A button that changes something for who is logged in. */
export function sessionForm({ action, label, proof, fields = {}, look = 'quiet' }: SessionForm): Html {
  return html`<form method="post" action="/account/${action}">
    ${Object.entries({ ...fields, proof }).map(
      ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
    )}
    <button class="${look}">${label}</button>
  </form>`;
}
