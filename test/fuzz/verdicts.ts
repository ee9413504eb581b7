import { isDeepStrictEqual } from 'node:util';
import { jwtVerify } from 'jose';
import { AuthError } from '../../libs/auth/src/auth.errors.js';
import { parseJwt, verifyJwt } from '../../libs/auth/src/jwt/verify.js';
import type { Mutant } from './mutations.js';
import type { Signer, World } from './tokens.js';

/** What a verifier makes of a text. */
export type Verdict =
  | {
      readonly accepted: true;
      readonly header: Readonly<Record<string, unknown>>;
      readonly claims: Readonly<Record<string, unknown>>;
    }
  | { readonly accepted: false; readonly reason: string; readonly alien?: unknown };

/** How two verdicts stand to each other. */
export type Outcome =
  | { readonly kind: 'accepted' | 'refused' }
  /** We refuse on purpose what jose accepts, for the named reason. */
  | { readonly kind: 'stricter'; readonly reason: string }
  | { readonly kind: 'fault'; readonly fault: string };

/** The kernel's own: shape, key, signature and shape of the claims. Looks at no clock, like {@link joseVerdict}. */
export function ourVerdict(text: string, { ring }: Signer): Verdict {
  try {
    const parsed = parseJwt(text);
    const key = ring.find(parsed.header as { alg: unknown; kid: unknown });
    if (key === undefined) return { accepted: false, reason: 'no key applies' };
    const { header, claims } = verifyJwt(parsed, key);
    return { accepted: true, header, claims };
  } catch (error) {
    if (error instanceof AuthError && error.code === 'token_invalid')
      return { accepted: false, reason: error.reason ?? 'no reason' };
    return { accepted: false, reason: String(error), alien: error };
  }
}

/** jose's, with the one key that the header may name, and that key's algorithm alone. */
export async function joseVerdict(text: string, signer: Signer, world: World): Promise<Verdict> {
  const { key } = namedSigner(text, signer, world);
  try {
    const options = { algorithms: [key.algorithm], clockTolerance: Number.MAX_SAFE_INTEGER };
    const { protectedHeader, payload } = await jwtVerify(text, key.verifyKey, options);
    return { accepted: true, header: protectedHeader, claims: payload };
  } catch (error) {
    return { accepted: false, reason: String((error as { code?: unknown }).code ?? error) };
  }
}

/** Of the token's own ring: the key that its `kid` names; without one, the only key of its algorithm; else its own. */
function namedSigner(text: string, own: Signer, world: World): Signer {
  const { kid, alg } = readHeader(text);
  const peers = world.signers.filter(({ ring }) => ring === own.ring);
  const named = peers.filter(({ key }) => (kid === undefined ? key.algorithm === alg : key.kid === kid));
  return named.length === 1 ? named[0]! : own;
}

function readHeader(text: string): { kid?: unknown; alg?: unknown } {
  try {
    const header = JSON.parse(
      Buffer.from(text.split('.', 1)[0]!, 'base64url')
        .toString()
        .replace(/^\ufeff/, ''),
    ) as unknown;
    return (header ?? {}) as object;
  } catch {
    return {};
  }
}

/** What the reasons to be stricter look at: a text that jose accepts, and what jose read in it. */
interface Facts {
  readonly text: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signer: Signer;
}

interface StricterReason {
  readonly name: string;
  /** Why we refuse what jose accepts. */
  readonly why: string;
  holds(facts: Facts): boolean;
}

/** 1 for an object or list that holds no other. */
function nesting(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((most, member) => Math.max(most, nesting(member)), 0);
}

const isText = (value: unknown) => typeof value === 'string';
const isSecond = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 8.64e12;
const isAudience = (value: unknown) => isText(value) || (Array.isArray(value) && value.every(isText));

function claimReason(name: string, why: string, isGood: (value: unknown) => boolean): StricterReason {
  return { name: `claim ${name}`, why, holds: ({ claims }) => Object.hasOwn(claims, name) && !isGood(claims[name]) };
}

/**
 * The whole list of what the kernel refuses and jose accepts. A text of which one of them is true must be refused; every
 * other text must get jose's verdict.
 */
export const stricterReasons: readonly StricterReason[] = [
  {
    name: 'longer than 16,384 characters',
    why: 'nothing that long is decoded (DS-01); jose leaves limits to the application',
    holds: ({ text }) => text.length > 16_384,
  },
  {
    name: 'not canonical base64url',
    why: 'one token has one spelling (RFC 7515 §2, TR-05); jose skips white space and padding, and ignores unused bits',
    holds: ({ text }) => text.split('.').some((part) => Buffer.from(part, 'base64url').toString('base64url') !== part),
  },
  {
    name: 'byte order mark',
    why: 'JSON text must not begin with one (RFC 8259 §8.1); the TextDecoder of jose drops it',
    holds: ({ text }) => text.split('.', 2).some((part) => part.startsWith('77u_')),
  },
  {
    name: 'crit or b64',
    why: 'no extension is understood (RFC 7515 §4.1.11), and JWTs may not use b64 (RFC 7797 §7); jose knows b64: true',
    holds: ({ header }) => Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64'),
  },
  {
    name: 'typ is no text',
    why: 'RFC 7515 §4.1.9: the type decides what a token is for (RFC 8725 §3.11); jose looks only when asked to',
    holds: ({ header }) => Object.hasOwn(header, 'typ') && !isText(header['typ']),
  },
  {
    name: 'header nested deeper than 64',
    why: 'what walks it would end its stack (DS-01); jose leaves limits to the application',
    holds: ({ header }) => nesting(header) > 65,
  },
  {
    name: 'unknown kid',
    why: 'the key is chosen by kid (JF-10, HA-03, HA-04); jose was given it',
    holds: ({ header, signer }) =>
      Object.hasOwn(header, 'kid') && !signer.ring.keys.some(({ kid }) => kid === header['kid']),
  },
  claimReason('exp', 'no second that a date can hold (CA-01, CA-03); jose takes any number', isSecond),
  claimReason('nbf', 'no second that a date can hold (CA-02); jose takes any number', isSecond),
  claimReason('iat', 'no second that a date can hold (CA-02); jose takes any number', isSecond),
  claimReason('auth_time', 'no second (OIDC Core §2); jose does not know the claim', isSecond),
  claimReason('iss', 'no text (RFC 7519 §4.1.1, CA-04); jose compares only when asked to', isText),
  claimReason('jti', 'no text (RFC 7519 §4.1.7): revocation names tokens by it', isText),
  claimReason('sid', 'no text: revocation names families by it', isText),
  claimReason(
    'aud',
    'neither a text nor a list of texts (RFC 7519 §4.1.3, CA-05); jose compares only when asked to',
    isAudience,
  ),
];

/** Both verdicts of a mutant, compared. */
export async function judge({ text, base: { signer } }: Mutant, world: World): Promise<Outcome> {
  const ours = ourVerdict(text, signer);
  const theirs = await joseVerdict(text, signer, world);
  if (!ours.accepted && 'alien' in ours) return fault(`threw ${ours.reason}`);
  if (!theirs.accepted) return ours.accepted ? fault(`accepted, but jose says ${theirs.reason}`) : { kind: 'refused' };
  const reason = stricterReasons.find(({ holds }) =>
    holds({ text, signer, header: theirs.header, claims: theirs.claims }),
  );
  if (!ours.accepted) {
    return reason === undefined
      ? fault(`refused (${ours.reason}), jose accepts`)
      : { kind: 'stricter', reason: reason.name };
  }
  if (reason !== undefined) return fault(`accepted in spite of: ${reason.name}`);
  if (!isDeepStrictEqual(ours.claims, theirs.claims)) return fault('the claims differ from those jose read');
  if (!isDeepStrictEqual(ours.header, theirs.header)) return fault('the header differs from the one jose read');
  return { kind: 'accepted' };
}

function fault(text: string): Outcome {
  return { kind: 'fault', fault: text };
}
