import { AuthError } from '../../auth.errors.js';
import { wordOf } from '../provider-words.js';

/** What the browser gets instead of what it would get. */
export type OAuthAnswer =
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'respond'; readonly body: string | object; readonly type: string | undefined }
  | { readonly kind: 'reject'; readonly reason: string };

export interface OAuthResultOptions {
  /** Store the grant? Default true, also when there is an answer. */
  store?: boolean;
}

/** What a handler of an OAuth event says. */
export class OAuthResult {
  private constructor(
    /** False: the grant is not stored. The user is logged in all the same. */
    readonly store: boolean,
    readonly answer: OAuthAnswer | undefined,
  ) {}

  /** Log in without storing the grant. Returning `false` does the same. */
  static skipStore(): OAuthResult {
    return new OAuthResult(false, undefined);
  }

  /**
   * Send the browser elsewhere than to its return-to, once the user is logged in.
   *
   * @param url a path, or a URL of any origin. `returnTo.allow` is not asked, so never take it from a request.
   * @throws AuthError `invalid_argument` for a URL that runs as a script or is none.
   */
  static redirect(url: string, { store = true }: OAuthResultOptions = {}): OAuthResult {
    checkUrl(url);
    return new OAuthResult(store, { kind: 'redirect', url });
  }

  /**
   * Answer 200 with a body of your own, once the user is logged in.
   *
   * @param body an object is sent as JSON, a text as `type`.
   * @param options `type`: the media type of a text. Default `text/plain`; nothing is escaped in `text/html`.
   * @throws AuthError `invalid_argument` for any other body.
   */
  static respond(
    body: string | object,
    { store = true, type }: OAuthResultOptions & { type?: string } = {},
  ): OAuthResult {
    if (typeof body !== 'string' && (typeof body !== 'object' || (body as object | null) === null))
      throw invalid('OAuthResult.respond() takes an object or a text');
    return new OAuthResult(store, { kind: 'respond', body, type });
  }

  /**
   * Refuse: nobody is logged in, nothing is stored, and the browser goes to its return-to with `?error=`.
   *
   * @param reason a word for the URL: letters, digits, `_`, `.` and `-`. Default `access_denied`.
   * @throws AuthError `invalid_argument` for what is no word.
   */
  static reject(reason = 'access_denied'): OAuthResult {
    if (wordOf(reason) === undefined)
      throw invalid("OAuthResult.reject() takes a word for the URL, such as 'not_invited'");
    return new OAuthResult(false, { kind: 'reject', reason });
  }
}

/** What handlers return. */
export type OAuthHandlerResult = OAuthResult | false | void;

/** What all handlers of an event said together. */
export interface OAuthVerdict {
  /** Nobody said that the grant is not to be stored. */
  readonly store: boolean;
  readonly answer: OAuthAnswer | undefined;
}

const harmful = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'blob:',
  'file:',
  'filesystem:',
  'view-source:',
  'about:',
]);

/** Schemes of apps are fine: browsers hand them over. */
function checkUrl(url: unknown): void {
  // a header takes no others, and browsers drop tabs and line ends
  const isPlain = typeof url === 'string' && /^[\x21-\x7e]+$/.test(url);
  if (!isPlain || !URL.canParse(url, 'https://own.invalid'))
    throw invalid('OAuthResult.redirect() takes a URL or a path, percent-encoded');
  if (harmful.has(new URL(url, 'https://own.invalid').protocol))
    throw invalid('OAuthResult.redirect() takes no URL that runs as a script or shows a local file');
}

function invalid(reason: string): AuthError {
  return new AuthError('invalid_argument', { reason });
}
