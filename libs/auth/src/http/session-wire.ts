import { AuthError } from '../auth.errors.js';
import type { TokenKind } from '../resource/token-kind.js';
import type { TokenLocation } from '../resource/token-location.js';
import type { IssuedAccess, IssuedSession } from '../session/session-tokens.js';
import type { SessionTransfer } from '../session/session.options.js';
import type { HttpMessage } from './http-message.js';
import { exposeHeaders, replaceCookie, setHeader, type HttpResponse } from './http-response.js';
import { messages, noSession, requestHeaders, responseHeaders, sessionCookies } from './session-protocol.js';
import { twoCookies } from './session-refusal.js';
import { writtenCookie, type WrittenCookie } from './set-cookie.js';

/** How the tokens of a session travel: in cookies that no script can read, or in headers that the client keeps. */
export type TransferMode = 'cookie' | 'header';

export interface SessionWireParts {
  readonly transfer: SessionTransfer;
  /** Where the module's routes live, with the prefix that the application gives to all its routes. */
  readonly basePath: () => string;
  readonly secure: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
  readonly domain: string | undefined;
  /** Where cookies were set before: undefined when they never moved, '' for this host alone. */
  readonly olderDomain: string | undefined;
}

interface SessionCookie {
  readonly value: string;
  readonly expires: Date;
  readonly domain: string | undefined;
}

const year = 365 * 86_400_000;

/** A token of a session as a request carries it. */
export interface PresentedSessionToken {
  readonly text: string;
  readonly mode: TransferMode;
}

/** The wire protocol of SuperTokens' browser client: what `supertokens-website` 20 sends and reads (FDI 1.16 to 4.1). */
export class SessionWire {
  constructor(private readonly parts: SessionWireParts) {}

  /**
   * The mode a new session is asked for; a client that says nothing keeps its tokens itself.
   *
   * @param wanted by the application, whatever the client says.
   * @throws AuthError `invalid_argument` where `session.transfer` is the other one
   */
  modeOf(message: HttpMessage, wanted?: TransferMode): TransferMode {
    const { transfer } = this.parts;
    if (wanted !== undefined && transfer !== 'any' && transfer !== wanted)
      throw new AuthError('invalid_argument', { reason: `session.transfer is '${transfer}', not '${wanted}'` });
    if (transfer !== 'any') return transfer;
    if (wanted !== undefined) return wanted;
    const asked = message.header(requestHeaders.mode);
    return typeof asked === 'string' && asked.toLowerCase() === 'cookie' ? 'cookie' : 'header';
  }

  /**
   * Bearer first, else the cookie.
   *
   * @throws AuthError `malformed_request` when there are two of one kind: nothing tells which is the user's.
   */
  tokenOf(message: HttpMessage, kind: TokenKind): PresentedSessionToken | undefined {
    const { transfer } = this.parts;
    const credentials = transfer === 'cookie' ? undefined : message.header('authorization');
    if (typeof credentials === 'object')
      throw new AuthError('malformed_request', { reason: 'two Authorization headers' });
    const [, bearer] = /^bearer +(\S+)$/i.exec(credentials ?? '') ?? [];
    if (bearer !== undefined) return { text: bearer, mode: 'header' };
    if (transfer === 'header') return undefined;
    const [text, another] = message.cookies(sessionCookies[kind]);
    if (another !== undefined) throw twoCookies(messages.tryRefresh);
    return text === undefined || text === '' ? undefined : { text, mode: 'cookie' };
  }

  /** The access token in the cookie; undefined when there is none, or two of one name. */
  accessCookieOf(message: HttpMessage): string | undefined {
    if (this.parts.transfer === 'header') return undefined;
    const [text, another] = message.cookies(sessionCookies.access);
    return another === undefined && text !== '' ? text : undefined;
  }

  /** Do two cookies of one name come, of this domain and of the one before? */
  hasOlderCookies(message: HttpMessage): boolean {
    return Object.values(sessionCookies).some((name) => message.cookies(name).length > 1);
  }

  /** Write the tokens of a session into an answer, and clear those of the other mode where the request has some. */
  write(message: HttpMessage, response: HttpResponse, issued: IssuedSession, mode: TransferMode): void {
    if (mode === 'cookie') this.writeCookies(response, issued);
    else {
      setHeader(response, responseHeaders.access, issued.accessToken);
      setHeader(response, responseHeaders.refresh, issued.refreshToken);
      const inCookies = Object.values(sessionCookies).some((name) => message.cookies(name).length > 0);
      if (inCookies) this.clearCookies(response, this.parts.domain);
    }
    if (mode === 'cookie' && message.header('authorization') !== undefined) this.clearHeaders(response);
    setHeader(response, responseHeaders.front, frontToken(issued));
    if (issued.antiCsrf !== undefined && mode === 'cookie')
      setHeader(response, responseHeaders.antiCsrf, issued.antiCsrf);
    this.finish(response);
  }

  /** A newer access token, where the one before it came from; the refresh token and the anti-CSRF value stay. */
  writeAccess(response: HttpResponse, issued: IssuedAccess, location: TokenLocation | undefined): void {
    if (this.isInCookie(location)) this.cookie(response, 'access', this.accessCookie(issued));
    else setHeader(response, responseHeaders.access, issued.accessToken);
    setHeader(response, responseHeaders.front, frontToken(issued));
    this.finish(response);
  }

  /**
   * Could {@link writeAccess} write it?
   *
   * @param location undefined for a session whose client is not here to tell: then where `session.transfer` is `'cookie'`.
   * @throws AuthError `invalid_argument` when it is too large for a cookie
   */
  checkFits(issued: IssuedAccess, location: TokenLocation | undefined): void {
    if (this.isInCookie(location ?? this.parts.transfer)) this.written('access', this.accessCookie(issued));
  }

  /** The session is over: nothing of it stays with the client, in either mode. */
  clear(response: HttpResponse): void {
    this.clearCookies(response, this.parts.domain);
    this.clearHeaders(response);
    setHeader(response, responseHeaders.front, noSession);
    this.finish(response);
  }

  /** The cookies that were set before `cookies.domain` changed. @returns false when nobody said where they were. */
  clearOlder(response: HttpResponse): boolean {
    const { olderDomain } = this.parts;
    if (olderDomain === undefined) return false;
    this.clearCookies(response, olderDomain === '' ? undefined : olderDomain);
    setHeader(response, 'Cache-Control', 'no-store');
    return true;
  }

  private finish(response: HttpResponse): void {
    exposeHeaders(
      response,
      Object.values(responseHeaders).filter((name) => response.getHeader(name) !== undefined),
    );
    setHeader(response, 'Cache-Control', 'no-store');
  }

  private writeCookies(response: HttpResponse, issued: IssuedSession): void {
    const { refreshToken: value, refreshExpiresAt } = issued;
    this.cookie(response, 'access', this.accessCookie(issued));
    this.cookie(response, 'refresh', { value, expires: new Date(refreshExpiresAt), domain: this.parts.domain });
  }

  /** It outlives its token: the server is to see that the token has expired. */
  private accessCookie({ accessToken: value, issuedAt }: IssuedAccess): SessionCookie {
    return { value, expires: new Date(issuedAt + year), domain: this.parts.domain };
  }

  private isInCookie(location: TokenLocation | SessionTransfer | undefined): boolean {
    return location === 'cookie' && this.parts.transfer !== 'header';
  }

  private clearCookies(response: HttpResponse, domain: string | undefined): void {
    this.cookie(response, 'access', { value: '', expires: new Date(0), domain });
    this.cookie(response, 'refresh', { value: '', expires: new Date(0), domain });
  }

  private clearHeaders(response: HttpResponse): void {
    setHeader(response, responseHeaders.access, '');
    setHeader(response, responseHeaders.refresh, '');
  }

  private cookie(response: HttpResponse, kind: TokenKind, cookie: SessionCookie): void {
    replaceCookie(response, this.written(kind, cookie));
  }

  /** @throws AuthError `invalid_argument` for what a browser would drop */
  private written(kind: TokenKind, cookie: SessionCookie): WrittenCookie {
    const { sameSite, secure, basePath } = this.parts;
    const path = kind === 'access' ? '/' : `${basePath()}/session/refresh`;
    return writtenCookie({ name: sessionCookies[kind], path, httpOnly: true, sameSite, secure, ...cookie });
  }
}

/** Who is logged in, until when, with which claims: for the client's script. It proves nothing. */
export function frontToken({ claims, subject }: IssuedAccess): string {
  const front = { uid: subject, ate: claims.exp! * 1000, up: claims };
  // standard base64 with padding: the client hands it to atob()
  return Buffer.from(JSON.stringify(front), 'utf8').toString('base64');
}
