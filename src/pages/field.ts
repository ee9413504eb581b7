import { html, type Html } from './html.js';

export interface Field {
  readonly name: 'username' | 'password';
  readonly label: string;
  readonly autocomplete: 'username' | 'current-password' | 'new-password';
  /** What the form was sent with before. Never a password. */
  readonly value?: string | undefined;
  /** What is asked for, said below the field. */
  readonly hint?: string | undefined;
  readonly minLength?: number;
  readonly maxLength: number;
  /** This field is why the form comes again: `#problem` says so. */
  readonly isWrong: boolean;
}

/** A text to fill in, with its label; browsers and screen readers are told what belongs to it. */
export function field({ name, label, autocomplete, value = '', hint, minLength, maxLength, isWrong }: Field): Html {
  const described = [isWrong && 'problem', hint !== undefined && `${name}-hint`].filter(Boolean).join(' ');
  return html`<p class="field">
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${name === 'password' ? 'password' : 'text'}"
      value="${value}"
      autocomplete="${autocomplete}"
      autocapitalize="none"
      spellcheck="false"
      required
      ${minLength !== undefined && html`minlength="${minLength}"`}
      maxlength="${maxLength}"
      ${described !== '' && html`aria-describedby="${described}"`}
      ${isWrong && html`aria-invalid="true"`}
    />
    ${hint !== undefined && html`<span class="hint" id="${name}-hint">${hint}</span>`}
  </p>`;
}
