import { timingSafeEqual } from 'node:crypto';

/** Are the texts the same? Takes as long for a near miss as for a far one; tells only whether the lengths differ. */
export function equalText(one: string, other: string): boolean {
  // as UTF-8: latin1 keeps the low byte alone, and 'Ł' would be another spelling of 'A'
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Was the value sent that is expected? Anything but a text proves nothing, and an empty one neither, on both sides. */
export function isProven(sent: unknown, expected: unknown): boolean {
  if (typeof sent !== 'string' || typeof expected !== 'string' || expected === '') return false;
  return equalText(sent, expected);
}
