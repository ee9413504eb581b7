import type { LoopbackUser } from './loopback.options.js';

/** Who are you? A button for each, and one that refuses. */
export function loginPage(action: string, client: string, users: readonly LoopbackUser[]): string {
  const buttons = users.map(
    ({ sub, name, email }) =>
      `<p><button name="login" value="${escapeHtml(sub)}">${escapeHtml(name ?? sub)}</button> ${escapeHtml(email ?? '')}</p>`,
  );
  return document(
    'Log in',
    `<p>This provider is for tests: it asks for no password. Who wants to log in to <b>${escapeHtml(client)}</b>?</p>
<form method="post" action="${escapeHtml(action)}">
${buttons.join('\n')}
<p><button name="refuse" value="1">Refuse</button></p>
</form>`,
  );
}

/** What only a person can carry back: the verifier of an application without a callback (RFC 5849 §2.1, "oob"). */
export function textPage(title: string, text: string): string {
  return document(title, `<p>${escapeHtml(text)}</p>`);
}

/** OAuth 2.0 Form Post Response Mode: the browser posts the answer by itself. */
export function formPostPage(action: string, values: readonly (readonly [string, string])[]): string {
  const fields = values.map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return document(
    'Log in',
    `<form method="post" action="${escapeHtml(action)}">
${fields.join('\n')}
<button>Go on</button>
</form>
<script>document.forms[0].submit()</script>`,
  );
}

function document(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(title)}</title>
<h1>${escapeHtml(title)}</h1>
${body}
</html>
`;
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
