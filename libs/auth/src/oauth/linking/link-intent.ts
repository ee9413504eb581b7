import { AuthError } from '../../auth.errors.js';
import type { Dance } from '../dance.js';
import type { Flow, LinkIntent } from '../flow.js';
import type { OAuthLogin } from '../oauth-login.js';
import type { OAuthExchange, OAuthTransport } from '../oauth-transport.js';

type Sessions = Pick<OAuthTransport, 'sessionOf'>;

/** Can this browser finish what it begins? @throws AuthError `oauth_link_refused` */
export async function checkLink(
  link: LinkIntent,
  dance: Dance,
  transport: Sessions,
  exchange: OAuthExchange,
): Promise<void> {
  if (dance.isCrossSite)
    throw refused(
      'This provider answers by a form of its own page, which brings no session along: it cannot be linked',
    );
  await checkSession(link, transport, exchange);
}

/**
 * The browser has the session in which its user asked to link. Another one would get, or give away, a way into an account
 * (RFC 9700 §4.7, AL-06). An access token that has expired will do: the browser was at the provider meanwhile.
 *
 * @throws AuthError `oauth_link_refused`, `store_unavailable`
 */
export async function checkSession(link: LinkIntent, transport: Sessions, exchange: OAuthExchange): Promise<void> {
  if (!(await hasSession(link, transport, exchange)))
    throw refused('This browser does not have the session that began to link: log in, and begin again');
}

/** @throws AuthError `store_unavailable` */
export async function hasSession(link: LinkIntent, transport: Sessions, exchange: OAuthExchange): Promise<boolean> {
  const session = await transport.sessionOf(exchange);
  return session?.id === link.sid && session.subject === link.user;
}

/** A consent is for the grant of one account: that of another would leave it as it is, and stand beside it unasked. */
export function checkAccount({ account }: Flow, { identity }: OAuthLogin): void {
  if (account !== undefined && account !== identity.subject)
    throw refused(
      'This is another account at the provider than the one that was asked for: log in there with that one',
    );
}

function refused(message: string): AuthError {
  return new AuthError('oauth_link_refused', { reason: message, phrase: { status: 403, message } });
}
