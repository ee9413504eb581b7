import passport, { type Strategy } from 'passport';
import { AuthConfigError } from '../auth.errors.js';

/** Passport tells no names by a public method; the table is the one that its `use()` writes. */
const strategies = Reflect.get(passport, '_strategies') as Record<string, Strategy>;

/** Strategies of ours, to tell them from those of others. */
const ours = new WeakSet<Strategy>();

/**
 * Register a strategy under a name that nobody has, and hold the name.
 *
 * Passport is one registry per process, and its `use()` replaces without a word: the guards of the application that came
 * first would be decided by the one that came last. So a name is held until it is given back, and a later `use()` of it throws.
 *
 * @param mend what to write instead, for the message.
 * @throws AuthConfigError when the name is taken: by another strategy, by an application that still runs, or by AuthGuard().
 */
export function holdName(name: string, strategy: Strategy, mend: string): void {
  // AuthGuard() keeps its classes in a plain object: it would give Object.prototype for 'constructor', to be changed for all
  if (name in Object.prototype || name === 'default') throw taken(name, 'AuthGuard() itself: do without it', mend);
  const holder = Object.hasOwn(strategies, name) ? strategies[name] : undefined;
  if (holder !== undefined)
    throw taken(name, ours.has(holder) ? oneOfOurs : 'another strategy: take that one away', mend);
  ours.add(strategy);
  Object.defineProperty(strategies, name, {
    configurable: true,
    enumerable: true,
    get: () => strategy,
    set: () => {
      throw taken(name, oneOfOurs, mend);
    },
  });
}

/** Give the name back, unless somebody else has it by now. */
export function releaseName(name: string, strategy: Strategy): void {
  if (strategies[name] === strategy) passport.unuse(name);
}

const oneOfOurs = 'a strategy of ours that still runs in this process: close that application first';

function taken(name: string, holder: string, mend: string): AuthConfigError {
  return new AuthConfigError(`passport strategy '${name}'`, `the name is taken by ${holder}, ${mend}`);
}
