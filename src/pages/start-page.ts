import { escapeHtml } from './escape-html.js';

/**
 * The start page: what can be tried with curl, and who is asking.
 *
 * @param providers to log in with, by their names.
 * @param subject of the presented token; `null` when there is none that is valid.
 */
export function startPage(publicUrl: string, subject: string | null, providers: readonly string[]): string {
  const origin = escapeHtml(publicUrl);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Latchkey reference application</title>
<h1>Latchkey reference application</h1>
<p>${subject === null ? 'Nobody is logged in: this request carries no valid access token.' : `Logged in as <b>${escapeHtml(subject)}</b>. See <a href="/account">your account</a>.`}</p>
${providers.map((name) => `<p><a href="/login/${encodeURIComponent(name)}">Log in with ${escapeHtml(name)}</a></p>`).join('\n')}
<p>Read the <a href="/docs">API documentation</a>, or try it by hand:</p>
<pre>
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
</pre>
</html>
`;
}
