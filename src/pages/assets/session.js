/*
 * Keeps the session of a page fresh: the refresh cookie goes to one path alone, where no form posts. Everything works
 * without it, until the access token expires.
 *
 * supertokens-website would not do here: it hears of a session by the answers to its own fetch() alone, and these sessions
 * begin by forms and redirects. After a log-out it takes every later one for none.
 */
{
  const { expiresIn, antiCsrf, next } = document.currentScript.dataset;
  const expiresAt = Date.now() + Number(expiresIn) * 1000;

  /** One tab after the other: each sends the refresh token that the one before got. */
  const refresh = () =>
    navigator.locks.request('refresh', async () => {
      const headers = { rid: 'anti-csrf', 'anti-csrf': antiCsrf };
      const answer = await fetch('/auth/session/refresh', { method: 'POST', headers });
      return answer.ok;
    });

  if (Number(expiresIn) === 0) {
    // another tab's page may have begun anew meanwhile: what is posted is not sent again
    refresh().then((isFresh) => isFresh && location.replace(next));
  }

  document.addEventListener('submit', async (event) => {
    if (Number(expiresIn) === 0 || Date.now() < expiresAt) return;
    event.preventDefault();
    // without a refresh the answer says what is wrong
    await refresh().catch(() => {});
    event.target.submit();
  });
}
