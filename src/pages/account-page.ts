import type { JwtClaims } from 'nest-latchkey';
import { claimsPart } from './claims-part.js';
import { devicesPart, type Devices } from './devices-part.js';
import { html, type Html } from './html.js';
import { layout } from './layout.js';
import { linksPart, type Links } from './links-part.js';
import { sessionOf } from './page-session.js';
import { sessionForm } from './session-form.js';

export interface Account extends Devices, Links {
  readonly user: string;
  readonly claims: JwtClaims;
  /** What there is to tell, above everything else. */
  readonly notice: Html | undefined;
}

/** Who am I, where am I logged in, and by what? */
export function accountPage(account: Account): string {
  const { user, claims, notice, proof } = account;
  const main = html`<h1>Your account</h1>
    ${notice}
    <div class="who">
      <p>Logged in as <b>${user}</b>.</p>
      ${sessionForm({ action: 'logout', label: 'Log out', proof, look: 'primary' })}
    </div>
    ${devicesPart(account)} ${linksPart(account)} ${claimsPart(claims)}`;
  return layout({ title: 'Your account', main, session: sessionOf(claims) });
}
