import type { JwtClaims } from 'nest-latchkey';
import { html, type Html } from './html.js';
import { timeOf } from './time.js';

/** What the claims of an access token mean (RFC 7519 §4.1, RFC 9068 §2.2, OpenID Connect Core §2). */
const meanings: Readonly<Record<string, string>> = {
  iss: 'Who issued the token, and signed it.',
  aud: 'Whom the token is for: others refuse it.',
  sub: 'You: the user whom the token speaks of.',
  iat: 'When the token was issued.',
  nbf: 'From when on the token is good.',
  exp: 'Until when the token is good. The session goes on with another one.',
  auth_time: 'When you logged in.',
  jti: 'A name for this token alone, by which it can be revoked.',
  sid: 'Your session on this device. When it ends, its tokens are refused.',
  type: 'What kind of token it is.',
  rti: 'The refresh token that it came with, by its id.',
  scope: 'What the token lets you do beyond what everybody may.',
  admin: 'You are an administrator here.',
  fresh: 'The token was issued right at a log-in.',
  csrf: 'What requests of our pages send along to prove where they come from. Not shown.',
};

const times = ['iat', 'nbf', 'exp', 'auth_time'];

/** What the server knows of who asks, without a look into a database. */
export function claimsPart(claims: JwtClaims): Html {
  return html`<section class="card" aria-labelledby="token">
    <h2 id="token">Your current token</h2>
    <p>Every request to this server carries a signed access token. These are its claims:</p>
    <dl class="claims">
      ${Object.entries(claims).map(
        ([name, value]) =>
          html`<div>
            <dt><code>${name}</code></dt>
            <dd>${claimValue(name, value)}<span class="hint">${meaningOf(name)}</span></dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

function claimValue(name: string, value: unknown): Html {
  if (name === 'csrf') return html`<span class="value">•••</span>`;
  if (times.includes(name) && typeof value === 'number')
    return html`<span class="value">${timeOf(value * 1000)}</span>`;
  return html`<span class="value">${typeof value === 'string' ? value : JSON.stringify(value)}</span>`;
}

function meaningOf(name: string): string {
  return Object.hasOwn(meanings, name) ? meanings[name]! : 'A claim of this application.';
}
