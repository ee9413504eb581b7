import { html } from './html.js';
import { layout } from './layout.js';
import { problem } from './notices.js';

/** Something was not done, and why. */
export function refusalPage(text: string): string {
  const main = html`<h1>That did not work</h1>
    ${problem(text)}
    <p><a href="/account">Back to your account</a></p>`;
  return layout({ title: 'Error', main });
}
