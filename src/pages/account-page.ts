import type { Session } from 'nest-latchkey';
import type { OAuthLinks } from 'nest-latchkey/passport';
import { escapeHtml } from './escape-html.js';

export interface Account {
  readonly user: string;
  /** The session that asks. */
  readonly sid: string;
  readonly devices: readonly Session[];
  readonly links: Awaited<ReturnType<OAuthLinks['list']>>;
  /** The names of all providers. */
  readonly providers: readonly string[];
  /** What requests of the page have to send back, where `ANTI_CSRF` is `token`. */
  readonly antiCsrf: string;
}

/** Who am I, where am I logged in, and by what? Every button is a form that the script below sends. */
export function accountPage({ user, sid, devices, links, providers, antiCsrf }: Account): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Your account</title>
<script type="module" src="/account/page.js" data-anti-csrf="${escapeHtml(antiCsrf)}"></script>
<h1>Your account</h1>
<p>Logged in as <b>${escapeHtml(user)}</b>.</p>
${form('POST', '/auth/signout', 'Log out', '/')}
<p role="alert" id="problem"></p>

<h2>Devices</h2>
<ul>
${devices.map((device) => deviceItem(device, sid)).join('\n')}
</ul>

<h2>Log-in with other accounts</h2>
<ul>
${links.map(linkItem).join('\n')}
</ul>
${providers.map((name) => form('POST', `/account/links/${encodeURIComponent(name)}`, `Link ${name}`)).join('\n')}
<p><a href="/">Start page</a></p>
</html>
`;
}

function deviceItem({ id, device, network, lastUsedAt }: Session, current: string): string {
  const text = `${device ?? 'unknown device'}, ${network ?? 'unknown network'}, last used ${lastUsedAt.toISOString()}`;
  const end = id === current ? '(this one)' : form('DELETE', `/account/sessions/${encodeURIComponent(id)}`, 'End');
  return `<li>${escapeHtml(text)} ${end}</li>`;
}

function linkItem({ provider, subject }: Account['links'][number]): string {
  const action = `/account/links/${encodeURIComponent(provider)}?subject=${encodeURIComponent(subject)}`;
  return `<li>${escapeHtml(provider)}: ${escapeHtml(subject)} ${form('DELETE', action, `Unlink ${provider}`)}</li>`;
}

/** @param next where the browser goes afterwards, unless the answer says where. */
function form(method: 'POST' | 'DELETE', action: string, label: string, next = '/account'): string {
  const data = `data-method="${method}" data-next="${escapeHtml(next)}"`;
  return `<form method="post" action="${escapeHtml(action)}" ${data}><button>${escapeHtml(label)}</button></form>`;
}

/** A form can send neither DELETE nor the headers that prove whose page it stands on. */
export const accountPageScript = `const { antiCsrf } = document.querySelector('script').dataset;
for (const form of document.forms) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const headers = { rid: 'anti-csrf', 'anti-csrf': antiCsrf, accept: 'application/json' };
    const answer = await fetch(form.action, { method: form.dataset.method, headers });
    const body = answer.status === 204 ? {} : await answer.json();
    if (answer.ok) location.assign(body.authorizationUrl ?? form.dataset.next);
    else document.getElementById('problem').textContent = body.message;
  });
}
`;
