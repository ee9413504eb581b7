import { html } from './html.js';
import { layout } from './layout.js';
import type { PageSession } from './page-session.js';

export interface Start {
  readonly publicUrl: string;
  /** Of the presented token; `null` when there is none that is valid. */
  readonly subject: string | null;
  /** To log in with, by their names. */
  readonly providers: readonly string[];
  readonly session: PageSession | undefined;
}

/** The start page: what can be tried with curl, and who is asking. */
export function startPage({ publicUrl: origin, subject, providers, session }: Start): string {
  const main = html`<h1>Latchkey reference application</h1>
    ${
      subject === null
        ? html`<p>Nobody is logged in: this request carries no valid access token.</p>
            <ul class="buttons">
              <li><a class="button primary" href="/account/login">Log in</a></li>
              <li><a class="button" href="/account/signup">Create an account</a></li>
            </ul>`
        : html`<p>Logged in as <b>${subject}</b>. See <a href="/account">your account</a>.</p>`
    }
    <ul class="buttons">
      ${providers.map((name) => html`<li><a href="/login/${encodeURIComponent(name)}">Log in with ${name}</a></li>`)}
    </ul>
    <p>Read the <a href="/docs">API documentation</a>, or try it by hand:</p>
    <pre tabindex="0">
# sign up: the answer holds an access token and a refresh token
curl ${origin}/signup -H 'Content-Type: application/json' -d '{"username":"alice","password":"correct horse battery"}'

# log in, and keep the two tokens
curl ${origin}/login -H 'Content-Type: application/json' -d '{"username":"alice","password":"correct horse battery"}'
ACCESS_TOKEN=…
REFRESH_TOKEN=…

# who am I, and what is in my token?
curl ${origin}/me -H "Authorization: Bearer $ACCESS_TOKEN"
curl ${origin}/token/info -H "Authorization: Bearer $ACCESS_TOKEN"

# my own page is mine; that of others and /admin are for the users of APP_ADMINS
curl ${origin}/users/alice -H "Authorization: Bearer $ACCESS_TOKEN"
curl ${origin}/admin -H "Authorization: Bearer $ACCESS_TOKEN"

# with a token, without one, and only soon after a log-in
curl ${origin}/optional
curl ${origin}/fresh -H "Authorization: Bearer $ACCESS_TOKEN"

# new tokens for the refresh token, and the end of them all
curl -X POST ${origin}/auth/session/refresh -H "Authorization: Bearer $REFRESH_TOKEN"
curl -X POST ${origin}/auth/signout -H "Authorization: Bearer $ACCESS_TOKEN"
</pre>`;
  return layout({ title: 'Reference application', main, session });
}
