import type { LoopbackEndpoint } from './endpoints.js';
import type { Answer, Members } from './answer.js';

interface Common {
  /** For so many requests. Default: until `heal()`. */
  readonly times?: number;
}

/** What an endpoint can do instead of its work: the request changes nothing at the provider. */
type RefusingFault =
  /** No answer, ever. */
  | { readonly kind: 'silent' }
  /** An answer that never ends: a byte now and then. */
  | { readonly kind: 'slow_loris' }
  /** 200 with a web page. */
  | { readonly kind: 'html' }
  /** 200 with nothing. */
  | { readonly kind: 'empty' }
  /** Any answer, for example `{ kind: 'status', status: 503 }`. An object becomes JSON, a text HTML. Default: an empty object. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string | object;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /**
   * An error in the protocol's own way: RFC 6749 §5.2, with status 400 unless said otherwise; at `authorization` by the browser
   * (§4.1.2.1).
   */
  | { readonly kind: 'error'; readonly error: string; readonly description?: string; readonly status?: number }
  /** To another place. Default 307, which would take method and body along. */
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: 301 | 302 | 303 | 307 | 308 };

/** What goes wrong on the way back, when the work is done: a code is spent, a refresh token rotated. */
type LosingFault =
  /** Seconds. */
  | { readonly kind: 'slow'; readonly seconds: number }
  /** The connection ends without an answer. `before`: before the work, which is then not done. Default false. */
  | { readonly kind: 'drop'; readonly before?: boolean }
  /** The connection ends in the middle of the answer. */
  | { readonly kind: 'cut' }
  /** The right answer, with white space behind it. Default 10,000,000 bytes. */
  | { readonly kind: 'huge'; readonly bytes?: number };

/** What is said wrongly. */
type LyingFault =
  /**
   * Members of the answer; parameters of the redirect at an authorization endpoint, where `login` makes one at once. Undefined
   * takes one out.
   */
  | { readonly kind: 'members'; readonly members: Members }
  /** Of ID tokens, at `token`. What it says is signed well, unless `signature` or `forge` says otherwise. */
  | {
      readonly kind: 'id_token';
      readonly claims?: Members;
      readonly header?: Members;
      /** By another key under the same `kid`, or not at all. */
      readonly signature?: 'other_key' | 'none';
      /** Anything instead of the token that would have been sent. */
      readonly forge?: (token: string, claims: Members) => string;
    };

/**
 * What an endpoint does otherwise.
 *
 * | to try | at | fault |
 * |---|---|---|
 * | the wrong issuer (RFC 9207) | `authorization` | `{ kind: 'members', members: { iss: 'https://evil.example' } }` |
 * | somebody says no | `authorization` | `{ kind: 'error', error: 'access_denied' }` |
 * | the wrong nonce | `token` | `{ kind: 'id_token', claims: { nonce: 'another' } }` |
 * | a bad signature | `token` | `{ kind: 'id_token', signature: 'other_key' }` |
 * | a narrowed scope | `token` | `{ kind: 'members', members: { scope: 'openid' } }` |
 * | a dead grant | `token` | `{ kind: 'error', error: 'invalid_grant' }` |
 * | an outage | any | `{ kind: 'status', status: 503 }`, or once: `{ kind: 'status', status: 503, times: 1 }` |
 * | a rotation whose answer is lost | `token` | `{ kind: 'drop' }` |
 */
export type LoopbackFault = Common & (RefusingFault | LosingFault | LyingFault);

type Of<Kind extends LoopbackFault['kind']> = Extract<LoopbackFault, { kind: Kind }>;

/** The faults that are on, by endpoint. */
export class FaultBoard {
  private readonly faults = new Map<LoopbackEndpoint, { fault: LoopbackFault; left: number }[]>();

  set(endpoint: LoopbackEndpoint, faults: readonly LoopbackFault[]): void {
    this.faults.set(
      endpoint,
      faults.map((fault) => ({ fault, left: fault.times ?? Infinity })),
    );
  }

  clear(endpoint?: LoopbackEndpoint): void {
    if (endpoint === undefined) this.faults.clear();
    else this.faults.delete(endpoint);
  }

  /** Those of one request, which it uses up. */
  take(endpoint: LoopbackEndpoint): Faults {
    const standing = (this.faults.get(endpoint) ?? []).filter(({ left }) => left > 0);
    for (const one of standing) one.left--;
    return new Faults(standing.map(({ fault }) => fault));
  }
}

/** Of one request. */
export class Faults {
  constructor(private readonly all: readonly LoopbackFault[]) {}

  find<Kind extends LoopbackFault['kind']>(...kinds: Kind[]): Of<Kind> | undefined {
    return this.all.find(({ kind }) => kinds.includes(kind as Kind)) as Of<Kind> | undefined;
  }

  /** The answer as it is told. */
  told(answer: Answer): Answer {
    return this.all.reduce(withFault, answer);
  }
}

function withFault(answer: Answer, fault: LoopbackFault): Answer {
  if (answer.kind === 'page') return answer;
  if (fault.kind === 'members') return { ...answer, members: { ...answer.members, ...fault.members } };
  const goesBack = answer.kind === 'redirect' || answer.kind === 'form_post';
  if (fault.kind !== 'error' || !goesBack) return answer;
  const error = { code: undefined, error: fault.error, error_description: fault.description };
  return { ...answer, members: { ...answer.members, ...error } };
}
