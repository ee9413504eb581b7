/** The injection token of the names of the providers that a user can log in with. */
export const PROVIDER_NAMES = Symbol('provider names');
