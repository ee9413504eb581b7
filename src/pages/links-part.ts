import type { OAuthLinks } from 'nest-latchkey/passport';
import { html, type Html } from './html.js';
import { sessionForm } from './session-form.js';

type Link = Awaited<ReturnType<OAuthLinks['list']>>[number];

export interface Links {
  readonly links: readonly Link[];
  /** The names of all providers. */
  readonly providers: readonly string[];
  readonly proof: string;
}

/** Which accounts elsewhere log the user in. */
export function linksPart({ links, providers, proof }: Links): Html {
  return html`<section class="card" aria-labelledby="links">
    <h2 id="links">Log-in with other accounts</h2>
    ${
      links.length === 0
        ? html`<p>No other account logs you in.</p>`
        : html`<ul class="rows">
            ${links.map((link) => linkItem(link, proof))}
          </ul>`
    }
    <ul class="buttons">
      ${providers.map(
        (name) =>
          html`<li>${sessionForm({ action: 'link', label: `Link ${name}`, proof, fields: { provider: name } })}</li>`,
      )}
    </ul>
  </section>`;
}

function linkItem({ provider, subject }: Link, proof: string): Html {
  return html`<li>
    <div>${provider}: ${subject}</div>
    ${sessionForm({ action: 'unlink', label: `Unlink ${provider}`, proof, fields: { provider, subject } })}
  </li>`;
}
