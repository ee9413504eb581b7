import { html, type Content } from './html.js';
import type { PageSession } from './page-session.js';

export interface Layout {
  /** What the page is, and what went wrong with it: screen readers say it first. */
  readonly title: string;
  readonly main: Content;
  /** None: nothing is to be kept fresh, and the page has no script. */
  readonly session?: PageSession | undefined;
  /** Go on to this URL at once. */
  readonly goOn?: string | undefined;
}

/** A whole page. */
export function layout({ title, main, session, goOn }: Layout): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${goOn !== undefined && html`<meta http-equiv="refresh" content="0;url=${goOn}" />`}
        <title>${title} – Latchkey</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/page.css" />
        ${session && script(session)}
      </head>
      <body>
        <header>
          <nav aria-label="Main"><a class="brand" href="/">Latchkey</a> <a href="/account">Account</a></nav>
        </header>
        <main>${main}</main>
      </body>
    </html> `.toString();
}

/** A file of its own: the Content-Security-Policy takes no script out of a page. */
function script({ expiresIn, antiCsrf, next }: PageSession): Content {
  return html`<script
    defer
    src="/assets/session.js"
    data-expires-in="${expiresIn}"
    data-anti-csrf="${antiCsrf}"
    data-next="${next}"
  ></script>`;
}
