import { field } from './field.js';
import { html, type Html } from './html.js';
import { layout } from './layout.js';
import type { PageSession } from './page-session.js';

export interface LogIn {
  /** The names of all providers. */
  readonly providers: readonly string[];
  /** What there is to tell, above the form. */
  readonly notice?: Html | undefined;
  /** The form comes again: its fields are wrong. */
  readonly isWrong?: boolean;
  readonly username?: string | undefined;
  /** An expired session that a script can refresh. */
  readonly session?: PageSession | undefined;
}

/** By password, or at a provider. */
export function logInPage({ providers, notice, isWrong = false, username, session }: LogIn): string {
  const main = html`<h1>Log in</h1>
    ${notice}
    <form class="card" method="post" action="/account/login">
      ${field({ name: 'username', label: 'User name', autocomplete: 'username', maxLength: 256, value: username, isWrong })}
      ${field({ name: 'password', label: 'Password', autocomplete: 'current-password', maxLength: 256, isWrong })}
      <button class="primary">Log in</button>
    </form>
    ${providers.length > 0 && providerLinks(providers)}
    <p>New here? <a href="/account/signup">Create an account</a></p>`;
  return layout({ title: isWrong ? 'Error: Log in' : 'Log in', main, session });
}

function providerLinks(providers: readonly string[]): Html {
  return html`<section class="card" aria-labelledby="providers">
    <h2 id="providers">With another account</h2>
    <ul class="buttons">
      ${providers.map((name) => {
        const href = `/login/${encodeURIComponent(name)}?return_to=/account`;
        return html`<li><a class="button" href="${href}">Log in with ${name}</a></li>`;
      })}
    </ul>
  </section>`;
}
