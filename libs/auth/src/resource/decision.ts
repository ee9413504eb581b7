import type { Token } from './token.js';
import type { TokenRequirement } from './token-requirement.js';

/** What the guard decided about one request. */
export interface Decision {
  /** What was asked. */
  readonly requirement: TokenRequirement;
  /** Whom it was asked for: another handler, or other parameters of the path, are decided anew. */
  readonly route: readonly unknown[];
  /** Null on an optional route that nobody's token came to. */
  readonly token: Token | null;
  readonly user: unknown;
}

/** A constructor that gives back the object it got: the private field of a class that extends it is put on that object. */
const Itself = function (object: object): object {
  return object;
} as unknown as new (object: object) => object;

/**
 * The decision is kept on the request, in a private field: no other code can read it, write it or see it in a dump.
 *
 * A WeakMap would promise the same. Its entries cost the garbage collector more than the guard's own five steps (bench `guard`).
 * A member under a symbol would be as fast, but whoever copies or prints the request would copy and print it.
 */
class Decided extends Itself {
  #decision: Decision | undefined;

  static remember(carrier: object, decision: Decision): void {
    // a field can be put on an object once
    const decided = #decision in carrier ? carrier : new Decided(carrier);
    decided.#decision = decision;
  }

  static of(carrier: unknown): Decision | undefined {
    if (typeof carrier !== 'object' || carrier === null) return undefined;
    return #decision in carrier ? carrier.#decision : undefined;
  }
}

/** Remember what was decided, for as long as the request lives. */
export const rememberDecision: (carrier: object, decision: Decision) => void = Decided.remember;

/** @returns undefined when no guard of ours has decided about this request. */
export const decisionOf: (carrier: unknown) => Decision | undefined = Decided.of;
