import { html } from './html.js';
import { layout } from './layout.js';

/**
 * On the way from a form to a provider. No redirect: Chromium follows none from a form to another origin than those of
 * `form-action`, and nobody knows the provider's page before the form is sent.
 */
export function providerPage(name: string, authorizationUrl: string): string {
  const main = html`<h1>On to ${name}</h1>
    <p><a class="button primary" href="${authorizationUrl}">Continue to ${name}</a></p>`;
  return layout({ title: `On to ${name}`, main, goOn: authorizationUrl });
}
