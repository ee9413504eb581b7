import 'reflect-metadata';
import { compileRequirement, type TokenRequirement } from './token-requirement.js';

/** Metadata of handlers and classes: a {@link TokenRequirement}, or `'public'`. */
export const REQUIREMENT = 'nest-latchkey:requirement';

type Target = (...args: never[]) => unknown;

const known = new WeakMap<object, Map<object, TokenRequirement | 'public'>>();
const plain = compileRequirement();

/**
 * What a route asks: the handler's own word, else its class's, else a plain token, for a guard that is global.
 *
 * The answer is kept by class and handler: a handler that two classes inherit can be guarded differently.
 */
export function routeRequirement(handler: object, controller: object): TokenRequirement | 'public' {
  let routes = known.get(controller);
  if (routes === undefined) known.set(controller, (routes = new Map()));
  let requirement = routes.get(handler);
  if (requirement === undefined) routes.set(handler, (requirement = declaredRequirement(handler, controller) ?? plain));
  return requirement;
}

/** What the decorators say, or undefined when there is none. */
export function declaredRequirement(handler: object, controller: object): TokenRequirement | 'public' | undefined {
  return (
    (Reflect.getMetadata(REQUIREMENT, handler as Target) as TokenRequirement | 'public' | undefined) ??
    (Reflect.getMetadata(REQUIREMENT, controller as Target) as TokenRequirement | 'public' | undefined)
  );
}
