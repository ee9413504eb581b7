/** What a route wants of a provider. */
export interface RequiredGrant {
  readonly provider: string;
  readonly scope: readonly string[];
}

/** Metadata of handlers and classes: a list of {@link RequiredGrant}. */
export const REQUIRED_OAUTH = Symbol.for('nest-latchkey:required-oauth');

/** What the class asks for, and then the handler. */
export function requiredOAuth(handler: object, controller: object): RequiredGrant[] {
  return [controller, handler].flatMap(
    (declared) => (Reflect.getMetadata(REQUIRED_OAUTH, declared) as RequiredGrant[] | undefined) ?? [],
  );
}
