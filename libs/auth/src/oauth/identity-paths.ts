/**
 * Where an answer of a provider says who somebody is: names of members with dots between them, `data.id`, `images.0.url`;
 * alternatives with `|` between them; or a text with such in braces, `{team.id}:{user.id}`.
 */
export interface IdentityPaths {
  /** Default 'sub|id'. */
  readonly subject?: string;
  /** Default 'email'. */
  readonly email?: string;
  /** Must be `true` there. Default `email_verified`, beside the address. */
  readonly emailVerified?: string;
  /** Default 'name'. */
  readonly name?: string;
  /** Must be a URL of http or https there. Default 'picture'. */
  readonly picture?: string;
}

export const defaultPaths = {
  subject: 'sub|id',
  email: 'email',
  name: 'name',
  picture: 'picture',
} satisfies IdentityPaths;

export const identityPathNames = [...Object.keys(defaultPaths), 'emailVerified'];

/** @returns what stands at one path, without alternatives; undefined where there is nothing. Inherited members are none. */
export function valueAt(answer: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    const isHolder = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    return isHolder ? (value as Record<string, unknown>)[name] : undefined;
  }, answer);
}

/** A text, or a number as one; undefined for everything else, and where a part of it is missing. */
export function textAt(answer: unknown, path: string): string | undefined {
  if (!path.includes('{')) return firstText(answer, path.split('|'));
  const parts = [...path.matchAll(/\{([^}]*)\}/g)].map(([, inner]) => textAt(answer, inner!));
  return parts.includes(undefined) ? undefined : path.replaceAll(/\{[^}]*\}/g, () => parts.shift()!);
}

/** A URL that a page may show or lead to: anything else could be a script. */
export function webUrlAt(answer: unknown, path: string): string | undefined {
  const text = textAt(answer, path) ?? '';
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? text : undefined;
}

function firstText(answer: unknown, paths: readonly string[]): string | undefined {
  return paths.map((path) => asText(valueAt(answer, path))).find((text) => text !== undefined);
}

function asText(value: unknown): string | undefined {
  // a larger one was rounded when it was read: it could be somebody else's
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
