/** A requirement's value that comes from the request, never guessed from a text: see {@link param}. */
export class RequestValue {
  constructor(
    readonly source: 'param' | 'query' | 'body',
    readonly name: string,
  ) {}
}

/** A list of which one member suffices: see {@link anyOf}. */
export class AnyOf {
  constructor(readonly values: readonly ClaimRequirement[]) {}
}

/**
 * What a claim must hold. An object: each member, extra ones allowed. A list: each entry. Texts, numbers and booleans are
 * compared strictly, without conversion; against a list claim they must be one of it.
 */
export type ClaimRequirement =
  | string
  | number
  | boolean
  | null
  | RequestValue
  | AnyOf
  | readonly ClaimRequirement[]
  | { readonly [name: string]: ClaimRequirement };

/** The route parameter `name`: `{ sub: param('username') }`. A route without it stops the boot. */
export function param(name: string): RequestValue {
  return new RequestValue('param', name);
}

/** The query parameter `name`. Absent or repeated, it never matches. */
export function query(name: string): RequestValue {
  return new RequestValue('query', name);
}

/** The member `name` of a JSON or form body. Absent, or neither text nor number, it never matches. */
export function body(name: string): RequestValue {
  return new RequestValue('body', name);
}

/** One of the values suffices: `{ claims: { plan: anyOf('pro', 'team') } }`. */
export function anyOf(...values: ClaimRequirement[]): AnyOf {
  return new AnyOf(values);
}
