import { AuthConfigError } from '../auth.errors.js';

/** Five flows with such a target stay below the 8 KB that servers take of one header. */
const longest = 512;

/** Where a log-in may end: a path of our own, or an origin of the list (RFC 9700 §4.11). */
export class ReturnTo {
  readonly default: string;
  private readonly origins: ReadonlySet<string>;

  /** @throws AuthConfigError */
  constructor(
    options: { default: string; allow: readonly string[] },
    private readonly publicOrigin: string,
  ) {
    for (const origin of options.allow) {
      if (!/^https?:/.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin)
        throw new AuthConfigError('oauth.returnTo.allow', "must hold origins such as 'https://app.example.com'");
    }
    this.origins = new Set([publicOrigin, ...options.allow]);
    this.default = options.default;
    if (!this.isAllowed(this.default))
      throw new AuthConfigError('oauth.returnTo.default', "must be a path such as '/', or lie on an origin of allow");
  }

  /** What was asked for where it is allowed, else the default. Never throws: the text comes from anybody. */
  choose(asked: unknown): string {
    return typeof asked === 'string' && this.isAllowed(asked) ? asked : this.default;
  }

  private isAllowed(target: string): boolean {
    if (target.length > longest || !isPlain(target)) return false;
    if (target.startsWith('/')) return isOwnPath(target, this.publicOrigin);
    // written as the parser writes it: `https:evil` and `https:/\evil` are other spellings of an origin
    const origin = URL.canParse(target) ? new URL(target).origin : '';
    return this.origins.has(origin) && target.startsWith(origin) && /^([/?#]|$)/.test(target.slice(origin.length));
  }
}

/** Browsers drop tabs and line ends, and take `\` for `/`; other letters can look like those of a host; JSON writes two for each `"`. */
function isPlain(target: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(target) && !/%(0[0-9a-f]|1[0-9a-f]|7f)/i.test(target);
}

/** `//evil`, and what a proxy or a router could make one of. */
function isOwnPath(target: string, publicOrigin: string): boolean {
  if (/^\/(\/|%2f|%5c)/i.test(target)) return false;
  const url = new URL(target, publicOrigin);
  return url.origin === publicOrigin && !url.pathname.startsWith('//');
}
