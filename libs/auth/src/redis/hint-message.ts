import type { RevocationHint } from '../stores/revocation-fan-out.js';

/** Hints in one message. */
export const mostHints = 100;
/** Characters. Ids have at most 200 of them, each at most six in JSON. */
const longestMessage = 131_072;
const longestId = 200;

/** `[["sid","…"],["jti","…"],["sub"]]`: ids alone. */
export function hintMessage(hints: readonly RevocationHint[]): string {
  return JSON.stringify(hints.map((hint) => (hint.kind === 'sub' ? [hint.kind] : [hint.kind, hint.id])));
}

/** The hints of a message; undefined when it is none of ours, in whichever place. */
export function readHintMessage(text: string): RevocationHint[] | undefined {
  if (text.length > longestMessage) return undefined;
  const rows = parsed(text);
  if (!Array.isArray(rows) || rows.length > mostHints) return undefined;
  const hints = rows.map(readHint);
  return hints.every((hint) => hint !== undefined) ? hints : undefined;
}

function readHint(row: unknown): RevocationHint | undefined {
  if (!Array.isArray(row)) return undefined;
  const [kind, id] = row as unknown[];
  if (kind === 'sub') return row.length === 1 ? { kind } : undefined;
  if ((kind !== 'jti' && kind !== 'sid') || row.length !== 2) return undefined;
  return typeof id === 'string' && id !== '' && id.length <= longestId ? { kind, id } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
