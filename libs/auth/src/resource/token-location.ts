/** Where a request can carry a token. */
export type TokenLocation = 'header' | 'cookie' | 'query' | 'body';

export const tokenLocations: readonly TokenLocation[] = ['header', 'cookie', 'query', 'body'];
