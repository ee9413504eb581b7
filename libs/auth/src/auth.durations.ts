import { ValidateBy } from 'class-validator';

/** Seconds as a number, or a text such as `'30s'`, `'15m'`, `'12h'`, `'30d'`. */
export type Duration = number | `${number}${'s' | 'm' | 'h' | 'd'}`;

/** A duration, or `'never'`: a token that does not expire. */
export type Lifetime = Duration | 'never';

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** No token, session or cookie may live longer: 400 days, in seconds. Browsers cut cookies there too (RFC 6265bis §5.5). */
export const longestLifetime = 400 * unitSeconds.d;

/** The seconds of a duration, or undefined when it is none. Fractions and negative values are none. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(value) ?? [];
  return digits === undefined ? undefined : Number(digits) * unitSeconds[unit as keyof typeof unitSeconds];
}

/** The seconds of a duration that was checked at boot; `'never'` is Infinity. */
export function seconds(value: Lifetime): number {
  return value === 'never' ? Infinity : (parseDuration(value) ?? Number.NaN);
}

/** Checks an option: a duration from `least` to `most` seconds, and `'never'` where allowed. */
export function IsDuration(limits: { least?: number; most?: number; never?: boolean } = {}): PropertyDecorator {
  const { least = 1, most = longestLifetime, never = false } = limits;
  return ValidateBy({
    name: 'isDuration',
    validator: {
      validate: (value: unknown) => {
        const length = parseDuration(value);
        return (never && value === 'never') || (length !== undefined && length >= least && length <= most);
      },
      defaultMessage: () =>
        `must be whole seconds or a text such as '15m', from ${least} to ${most} seconds${never ? ", or 'never'" : ''}` +
        (most === longestLifetime ? ' (is it in milliseconds?)' : ''),
    },
  });
}
