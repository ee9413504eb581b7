import { createHmac } from 'node:crypto';
import { algorithmNames, algorithms, type JwtAlgorithm } from '../../libs/auth/src/jwt/algorithms.js';
import {
  addOrderToEdDsa,
  digestInfoOf,
  orders,
  pkcs1Block,
  pssBlock,
  rawRsa,
  readEcdsa,
  toBytes,
  toDer,
  toNumber,
  writeEcdsa,
  type Hash,
} from './crafted-signatures.js';
import type { Random } from './random.js';
import { encode, seal, type BaseToken, type World } from './tokens.js';

/** A text to be judged, and how it came to be. */
export interface Mutant {
  readonly name: string;
  /** The mutation of the text that came after it, if any. */
  readonly second: string | undefined;
  readonly base: BaseToken;
  readonly text: string;
}

export interface Mutation {
  readonly name: string;
  /** Which tokens it makes sense for; by default all. */
  readonly families?: readonly Family[];
  mutate(token: BaseToken, random: Random, world: World): string;
}

type Family = (typeof algorithms)[JwtAlgorithm]['family'];
type TextMutation = (text: string, random: Random) => string;

/** One mutant: a token of the world, one mutation, and now and then a second one of its text. */
export function createMutant(world: World, random: Random): Mutant {
  const base = random.pick(world.tokens);
  const { family } = algorithms[base.signer.key.algorithm];
  const mutation = random.pick(mutationsOf[family]);
  const text = mutation.mutate(base, random, world);
  if (!random.oneIn(12)) return { name: mutation.name, second: undefined, base, text };
  const [second, change] = random.pick(textMutations);
  return { name: mutation.name, second, base, text: change(text, random) };
}

// ---- the text alone -------------------------------------------------------------------------------------------------

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function replaceAt(text: string, at: number, by: string, length = 1): string {
  return text.slice(0, at) + by + text.slice(at + length);
}

function flipBit(bytes: Buffer, random: Random): Buffer {
  const flipped = Buffer.from(bytes);
  if (flipped.length > 0) flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
  return flipped;
}

/** Change one of the parts between the dots. */
function onePart(text: string, random: Random, change: (part: string) => string): string {
  const parts = text.split('.');
  const at = random.below(parts.length);
  parts[at] = change(parts[at]!);
  return parts.join('.');
}

const spaces = [' ', '\n', '\r\n', '\t', '\f', '\v', '\u00a0', '\u2028', '\ufeff', '\0', '%20', '+'];

const textMutations: readonly (readonly [string, TextMutation])[] = [
  ['nothing', (text) => text],
  [
    'bit of the text',
    (text, random) => {
      const at = random.below(text.length);
      return replaceAt(text, at, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(7))));
    },
  ],
  [
    'bit of a part',
    (text, random) => onePart(text, random, (part) => encode(flipBit(Buffer.from(part, 'base64url'), random))),
  ],
  ['character replaced', (text, random) => replaceAt(text, random.below(text.length), random.pick([...alphabet]))],
  [
    'character inserted',
    (text, random) => replaceAt(text, random.below(text.length + 1), random.pick([...alphabet, '.']), 0),
  ],
  ['character deleted', (text, random) => replaceAt(text, random.below(text.length), '')],
  [
    'characters swapped',
    (text, random) => {
      const at = random.below(text.length - 1);
      return replaceAt(text, at, text.charAt(at + 1) + text.charAt(at), 2);
    },
  ],
  [
    'letter of another case',
    (text, random) => {
      const at = random.below(text.length);
      const letter = text.charAt(at);
      return replaceAt(text, at, letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase());
    },
  ],
  [
    'character of the same low byte',
    (text, random) => {
      const at = random.below(text.length);
      return replaceAt(text, at, String.fromCharCode(text.charCodeAt(at) + 0x100 * (1 + random.below(0xfe))));
    },
  ],
  [
    'full-width character',
    (text, random) => {
      const at = random.below(text.length);
      return replaceAt(text, at, String.fromCharCode(text.charCodeAt(at) + 0xfee0));
    },
  ],
  [
    'truncated',
    (text, random) => text.slice(0, Math.max(1, text.length - 1 - random.below(random.pick([3, 50, 400])))),
  ],
  ['beginning lost', (text, random) => text.slice(1 + random.below(8))],
  ['extended', (text, random) => text + random.text(1 + random.below(8), alphabet)],
  [
    'part extended',
    (text, random) => onePart(text, random, (part) => part + random.text(1 + random.below(4), alphabet)),
  ],
  ['part emptied', (text, random) => onePart(text, random, () => '')],
  ['signature dropped', (text) => text.slice(0, text.lastIndexOf('.') + 1)],
  ['signature and dot dropped', (text) => text.slice(0, text.lastIndexOf('.'))],
  ['padded', (text, random) => onePart(text, random, (part) => part + '='.repeat(1 + random.below(3)))],
  [
    'padded as base64',
    (text, random) => onePart(text, random, (part) => part + '='.repeat((4 - (part.length % 4)) % 4)),
  ],
  ['standard alphabet', (text) => text.replaceAll('-', '+').replaceAll('_', '/')],
  [
    'standard alphabet in a part',
    (text, random) => onePart(text, random, (part) => part.replaceAll('-', '+').replaceAll('_', '/')),
  ],
  [
    'unused bits set',
    (text, random) =>
      onePart(text, random, (part) => {
        const unused = { 2: 4, 3: 2 }[part.length % 4];
        if (unused === undefined) return part;
        const last = alphabet.indexOf(part.at(-1)!) | (1 + random.below(2 ** unused - 1));
        return part.slice(0, -1) + alphabet.charAt(last);
      }),
  ],
  ['white space inside', (text, random) => replaceAt(text, random.below(text.length), random.pick(spaces), 0)],
  [
    'white space around',
    (text, random) => random.pick([`${random.pick(spaces)}${text}`, `${text}${random.pick(spaces)}`]),
  ],
  [
    'white space at a dot',
    (text, random) => text.replace('.', random.pick([`${random.pick(spaces)}.`, `.${random.pick(spaces)}`])),
  ],
  ['lines of 64', (text) => text.replaceAll(/.{64}/g, '$&\n')],
  [
    'part doubled',
    (text, random) => {
      const parts = text.split('.');
      const at = random.below(parts.length);
      return parts.toSpliced(at, 0, parts[at]!).join('.');
    },
  ],
  [
    'parts in another order',
    (text, random) => {
      const [header = '', payload = '', signature = ''] = text.split('.');
      return random
        .pick([
          [payload, header, signature],
          [signature, payload, header],
          [header, signature, payload],
        ])
        .join('.');
    },
  ],
  ['dot added', (text, random) => replaceAt(text, random.below(text.length + 1), '.', 0)],
  ['many dots', (text, random) => random.pick([text + '.'.repeat(2_000), '.'.repeat(2_000), `.${text}`, `${text}.`])],
  [
    'dot of another script',
    (text, random) => text.replace('.', random.pick(['\u3002', '\uff0e', '%2E', ',', ':', '..'])),
  ],
  [
    'quoted',
    (text, random) =>
      random.pick([`"${text}"`, `Bearer ${text}`, `<${text}>`, text.replaceAll('.', '%2E'), encode(text)]),
  ],
  ['twice', (text, random) => random.pick([text + text, `${text}.${text}`, `${text},${text}`, `${text} ${text}`])],
  [
    'huge',
    (text, random) => random.pick([text + 'A'.repeat(20_000), 'A'.repeat(20_000), `${'A'.repeat(17_000)}.${text}`]),
  ],
  [
    'empty',
    (_text, random) => random.pick(['', '.', '..', '...', ' ', 'null', 'undefined', 'e30.e30.', 'e30.e30.e30']),
  ],
];

// ---- header ---------------------------------------------------------------------------------------------------------

/** With another header: mostly signed anew with the right key, else with the old signature. */
function withHeader(token: BaseToken, random: Random, header: unknown): string {
  if (!random.oneIn(4)) return seal(token.signer.key, header, token.claims);
  const [, payload, signature] = token.text.split('.');
  return `${encode(header)}.${payload}.${signature}`;
}

const notHashes = [
  'none',
  'None',
  'NONE',
  'nOnE',
  ' none',
  'none ',
  'none\0',
  '',
  null,
  0,
  false,
  [],
  {},
  ['none'],
  'null',
];
const strangeAlgorithms = [
  'Ed25519',
  'Ed448',
  'ES256K',
  'HS1',
  'RS1',
  'dir',
  'RSA-OAEP',
  'A256GCM',
  'PBES2-HS256+A128KW',
];
const strangeKids: readonly unknown[] = [
  '../../../../dev/null',
  '/etc/passwd',
  "' OR '1'='1",
  '"; rm -rf / #',
  '$(id)',
  'h1\0',
  '\u202e1h',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  'k'.repeat(4_096),
  0,
  1,
  -0.5,
  true,
  false,
  null,
  {},
  [],
  { toString: 'h1' },
];

/** The parameters of an attacker's own key, and where to fetch it. */
function foreignKey(random: Random, { attacker }: World): Record<string, unknown> {
  const pair = random.pick([attacker.rsa, attacker.ec]);
  const jwk = pair.publicKey.export({ format: 'jwk' });
  const certificate = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return random.pick<Record<string, unknown>>([
    { jwk },
    { jwk, kid: 'attacker' },
    { x5c: [certificate] },
    { jku: 'https://attacker.example/jwks.json' },
    { jku: 'https://api.example.com@attacker.example/#' },
    { x5u: 'data:application/x-pem-file,AAAA' },
    { jwk: { kty: 'oct', k: '' } },
    { x5t: 'AAAA', 'x5t#S256': 'AAAA' },
  ]);
}

const criticals: readonly Record<string, unknown>[] = [
  { crit: ['b64'], b64: false },
  { crit: ['b64'], b64: true },
  { b64: false },
  { b64: true },
  { b64: null },
  { crit: [] },
  { crit: ['exp'], exp: 1 },
  { crit: ['x'] },
  { crit: ['x'], x: 1 },
  { crit: 'b64', b64: true },
  { crit: null },
  { crit: {} },
  { crit: ['b64', 'b64'], b64: true },
  { crit: ['alg'] },
  { crit: [''] },
  { crit: ['__proto__'] },
];

const headerMutations: readonly Mutation[] = [
  {
    name: 'alg none',
    mutate: ({ text, claims, signer, header }, random) => {
      const forged = `${encode({ ...header, alg: random.pick(notHashes) })}.${encode({ ...claims, sub: 'root' })}.`;
      const kept = text.slice(text.lastIndexOf('.') + 1);
      return forged + random.pick(['', kept, 'AA', seal(signer.key, header, claims).split('.')[2]!]);
    },
  },
  {
    name: 'alg in another case',
    mutate: (token, random) => {
      const { algorithm } = token.signer.key;
      const odd = [
        algorithm.toLowerCase(),
        ` ${algorithm}`,
        `${algorithm} `,
        `${algorithm}\0`,
        [algorithm],
        { alg: algorithm },
      ];
      return withHeader(token, random, { ...token.header, alg: random.pick<unknown>(odd) });
    },
  },
  {
    name: 'alg missing',
    mutate: (token, random) => {
      const { alg: _alg, ...header } = token.header;
      return withHeader(token, random, header);
    },
  },
  {
    name: 'another algorithm, signed by it with the same key',
    families: ['HMAC', 'RSA', 'RSA-PSS'],
    mutate: ({ signer, header, claims }, random) => {
      const others = algorithmNames.filter(
        (name) => name !== signer.key.algorithm && isOfKind(name, signer.key.algorithm),
      );
      const algorithm = random.pick(others);
      const named = random.oneIn(2) ? { ...header, alg: algorithm } : header;
      return seal(signer.key, named, claims, algorithm);
    },
  },
  {
    name: 'another algorithm in the header',
    mutate: (token, random) =>
      withHeader(token, random, {
        ...token.header,
        alg: random.pick<string>([...algorithmNames, ...strangeAlgorithms]),
      }),
  },
  {
    name: 'HMAC keyed with the public key',
    families: ['RSA', 'RSA-PSS', 'ECDSA', 'EdDSA'],
    mutate: ({ signer, header, claims }, random) => {
      const key = signer.key.verifyKey;
      const pem = key.export({ format: 'pem', type: 'spki' }).toString();
      const der = key.export({ format: 'der', type: 'spki' });
      const jwk = key.export({ format: 'jwk' });
      const texts = [
        pem,
        pem.trim(),
        ` ${pem}`,
        `\n${pem}`,
        pem.replaceAll('\n', '\r\n'),
        pem.replaceAll(/-----[^-]+-----/g, ''),
      ];
      const secret = random.pick([...texts, der, der.toString('base64'), JSON.stringify(jwk), jwk.n ?? jwk.x ?? '']);
      const alg = random.pick(['HS256', 'HS384', 'HS512'] as const);
      const input = `${encode({ ...header, alg: random.oneIn(5) ? header['alg'] : alg })}.${encode(claims)}`;
      return `${input}.${createHmac(algorithms[alg].hash, secret).update(input).digest('base64url')}`;
    },
  },
  {
    name: 'kid of another shape',
    mutate: (token, random) => withHeader(token, random, { ...token.header, kid: random.pick(strangeKids) }),
  },
  {
    name: 'kid missing',
    mutate: (token, random) => {
      const { kid: _kid, ...header } = token.header;
      return withHeader(token, random, header);
    },
  },
  {
    name: 'kid of another key',
    mutate: (token, random, world) => {
      const other = random.pick(world.signers);
      const alg = random.pick([token.header['alg'], other.key.algorithm]);
      const header = { ...token.header, alg, kid: other.key.kid ?? 'none' };
      return random.oneIn(2) ? withHeader(token, random, header) : seal(other.key, header, token.claims);
    },
  },
  {
    name: 'token of another key',
    mutate: ({ header, claims }, random, world) => seal(random.pick(world.signers).key, header, claims),
  },
  {
    name: "attacker's key in the header",
    mutate: (token, random, world) => {
      const header = { ...token.header, ...foreignKey(random, world) };
      if (random.oneIn(3)) return withHeader(token, random, header);
      const { rsa, ec } = world.attacker;
      const [alg, pair] = random.pick([
        ['RS256', rsa],
        ['PS256', rsa],
        ['ES256', ec],
      ] as const);
      const key = { kid: undefined, algorithm: alg, verifyKey: pair.publicKey, signKey: pair.privateKey };
      return seal(key, random.oneIn(2) ? { ...header, alg } : header, { ...token.claims, sub: 'root' });
    },
  },
  {
    name: 'critical extension',
    mutate: (token, random) => withHeader(token, random, { ...token.header, ...random.pick(criticals) }),
  },
  {
    name: 'unencoded payload',
    mutate: ({ signer, header, claims }, random) => {
      const payload = random.pick([JSON.stringify(claims).replaceAll('.', ' '), 'plain', encode(claims)]);
      const sealed = seal(signer.key, { ...header, crit: ['b64'], b64: false }, 'x');
      const [first] = sealed.split('.');
      return `${first}.${payload}.${sealed.split('.')[2]}`;
    },
  },
  {
    name: 'duplicate names in the header',
    mutate: (token, random) => {
      const right = JSON.stringify(token.header).slice(1, -1);
      const odd = random.pick([
        '"alg":"none"',
        '"alg":"HS256"',
        '"kid":"x"',
        '"typ":1',
        '"crit":["x"]',
        '"crit":null',
        '"b64":false',
      ]);
      return withHeader(token, random, random.pick([`{${odd},${right}}`, `{${right},${odd}}`]));
    },
  },
  {
    name: 'typ',
    mutate: (token, random) => {
      const typ = random.pick<unknown>([
        '',
        'JWE',
        'at+jwt\0',
        'logout+jwt',
        1,
        true,
        null,
        [],
        ['at+jwt'],
        {},
        't'.repeat(500),
      ]);
      return withHeader(token, random, { ...token.header, typ });
    },
  },
  {
    name: 'header parameters of JWE',
    mutate: (token, random) => {
      const more = random.pick([
        { zip: 'DEF' },
        { enc: 'A256GCM' },
        { p2c: 2_000_000_000, p2s: 'AAAA' },
        { epk: {} },
        { cty: 'JWT' },
      ]);
      return withHeader(token, random, { ...token.header, ...more });
    },
  },
  {
    name: 'header of another spelling',
    mutate: (token, random) => {
      const plain = JSON.stringify(token.header);
      const spelt = random.pick([
        JSON.stringify(token.header, undefined, 2),
        plain.replace('"alg"', String.raw`"\u0061lg"`),
        ` ${plain}\r\n`,
        plain.replace('{', '{"__proto__":{"alg":"none","crit":["x"]},'),
        plain.replace('{', '{"constructor":{"prototype":{"admin":true}},'),
        plain.replace('{', '{"deep":{"er":[{"x":[]}]},'),
      ]);
      return withHeader(token, random, spelt);
    },
  },
  {
    name: 'header that is no JSON object',
    mutate: (token, random) => withHeader(token, random, brokenJson(token.header, random)),
  },
];

function isOfKind(one: JwtAlgorithm, other: JwtAlgorithm): boolean {
  const kind = (name: JwtAlgorithm) => algorithms[name].family.slice(0, 3);
  return kind(one) === kind(other);
}

/** Bytes that are no JSON object, or one that only a careless reader finds. */
function brokenJson(value: object, random: Random): string | Buffer {
  const plain = JSON.stringify(value);
  const bytes = Buffer.from(plain);
  const depth = random.pick([10, 200, 1_000]);
  return random.pick<() => string | Buffer>([
    () => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
    () => Buffer.from(plain, 'utf16le'),
    () => Buffer.from(plain.replace('":"', '":"ü'), 'latin1'),
    () => Buffer.concat([bytes.subarray(0, -2), Buffer.from([0xc0, 0xaf]), bytes.subarray(-2)]),
    () => Buffer.concat([bytes.subarray(0, -2), Buffer.from([0xed, 0xa0, 0x80]), bytes.subarray(-2)]),
    () => plain.replace('{', String.raw`{"lone":"\ud800",`),
    () => `${plain}${random.pick(['\0', 'x', '{}', ',', '//', ' '])}`,
    () => `\0${plain}`,
    () => plain.slice(0, -1),
    () => plain.replaceAll('"', "'"),
    () => plain.replace('}', ',}'),
    () => `/* */${plain}`,
    () => `[${plain}]`,
    () => JSON.stringify(plain),
    () => random.pick(['null', 'true', '0', '""', '[]', '{}', '""""', 'NaN', 'undefined', '{', ' ']),
    () => `{"deep":${'['.repeat(depth)}${']'.repeat(depth)},${plain.slice(1)}`,
    () => `{"deep":${'{"a":'.repeat(depth / 5)}1${'}'.repeat(depth / 5)},${plain.slice(1)}`,
    () => `{"deep":${'['.repeat(depth)},${plain.slice(1)}`,
    () => flipBit(bytes, random),
    () => random.bytes(1 + random.below(60)),
  ])();
}

// ---- payload --------------------------------------------------------------------------------------------------------

const oddNumbers = [
  '-1',
  '-0',
  '0',
  '0.5',
  '1e3',
  '8640000000000',
  '8640000000001',
  '9007199254740993',
  '1e308',
  '1e400',
  '-1e400',
];
const oddValues = [
  'null',
  'true',
  'false',
  '""',
  '"0"',
  '"1700000000"',
  '[]',
  '[1]',
  '{}',
  '{"$gt":0}',
  '"x"',
  '["a",1]',
  '["a","b"]',
  '[null]',
  '[["a"]]',
];
const claimNames = ['exp', 'nbf', 'iat', 'auth_time', 'iss', 'sub', 'aud', 'jti', 'sid', 'type', 'scope'];

const payloadMutations: readonly Mutation[] = [
  {
    name: 'claim changed, not signed anew',
    mutate: ({ text, claims }, random) => {
      const [header, , signature] = text.split('.');
      const changed = {
        ...claims,
        [random.pick(claimNames)]: random.pick<unknown>(['root', 9_999_999_999, ['root'], true]),
      };
      return `${header}.${encode(changed)}.${signature}`;
    },
  },
  {
    name: 'claim added, signed anew',
    mutate: ({ signer, header, claims }, random) =>
      seal(signer.key, header, {
        ...claims,
        [random.text(5)]: random.pick<unknown>([1, 'x', { y: [1e21, -0.1] }, [{}], '\u2028']),
      }),
  },
  {
    name: 'claim of another type, signed anew',
    mutate: ({ signer, header, claims }, random) => {
      const name = random.pick(claimNames);
      const value = random.pick(
        ['exp', 'nbf', 'iat', 'auth_time'].includes(name) ? [...oddNumbers, ...oddValues] : oddValues,
      );
      const { [name]: _old, ...rest } = claims;
      return seal(signer.key, header, JSON.stringify(rest).replace('{', `{"${name}":${value},`));
    },
  },
  {
    name: 'claim missing, signed anew',
    mutate: ({ signer, header, claims }, random) =>
      seal(signer.key, header, { ...claims, [random.pick(claimNames)]: undefined }),
  },
  {
    name: 'duplicate claims, signed anew',
    mutate: ({ signer, header, claims }, random) => {
      const name = random.pick(claimNames);
      const odd = `"${name}":${random.pick([...oddNumbers, ...oddValues])}`;
      const right = JSON.stringify(claims).slice(1, -1);
      return seal(signer.key, header, random.pick([`{${odd},${right}}`, `{${right},${odd}}`]));
    },
  },
  {
    name: 'claims of prototypes, signed anew',
    mutate: ({ signer, header, claims }, random) => {
      const odd = random.pick([
        '"__proto__":{"admin":true,"exp":1}',
        '"constructor":{"prototype":{"admin":true}}',
        '"toString":1',
        '"toJSON":"x"',
        '"hasOwnProperty":null',
        '"__proto__":null',
      ]);
      return seal(signer.key, header, JSON.stringify(claims).replace('{', `{${odd},`));
    },
  },
  {
    name: 'payload that is no claims set, signed anew',
    mutate: ({ signer, header, claims }, random) => seal(signer.key, header, brokenJson(claims, random)),
  },
  {
    name: 'token within the token, signed anew',
    mutate: ({ signer, header, text }, random) =>
      seal(signer.key, { ...header, ...(random.oneIn(2) && { cty: 'JWT' }) }, text),
  },
  {
    name: 'long token, signed anew',
    mutate: ({ signer, header, claims, text }, random) => {
      const room = Math.floor(((16_384 - text.length) * 3) / 4) - 40;
      const length = random.pick([room, room + 10, room + 20, room + 25, room + 30, room + 60, 60_000]);
      return seal(signer.key, header, { ...claims, filler: 'f'.repeat(length) });
    },
  },
  {
    name: 'not base64url, signed anew',
    mutate: ({ signer, header, claims }, random) => {
      const parts = [encode(header), encode(claims)];
      const at = random.below(2);
      const part = parts[at]!;
      const unused = { 2: 4, 3: 2 }[part.length % 4];
      const raised =
        unused === undefined ? `${part}=` : part.slice(0, -1) + alphabet.charAt(alphabet.indexOf(part.at(-1)!) | 1);
      parts[at] = random.pick([
        `${part}=`,
        `${part}==`,
        ` ${part}`,
        `${part}\n`,
        replaceAt(part, 5, ' ', 0),
        raised,
        part.replaceAll('_', '/').replaceAll('-', '+'),
      ]);
      return sealParts({ signer, input: parts.join('.') });
    },
  },
];

function sealParts({ signer, input }: { signer: BaseToken['signer']; input: string }): string {
  const [, , signature] = seal(signer.key, 'x', 'x').split('.');
  const { key } = signer;
  if (algorithms[key.algorithm].family !== 'HMAC') return `${input}.${signature}`;
  const { hash } = algorithms[key.algorithm] as { hash: string };
  return `${input}.${createHmac(hash, key.signKey!).update(input).digest('base64url')}`;
}

// ---- signature ------------------------------------------------------------------------------------------------------

/** With the signature that `change` makes of the right one. */
function withSignature(token: BaseToken, change: (signature: Buffer, input: string) => Buffer): string {
  const input = token.text.slice(0, token.text.lastIndexOf('.'));
  const signature = Buffer.from(token.text.slice(input.length + 1), 'base64url');
  return `${input}.${change(signature, input).toString('base64url')}`;
}

const signatureMutations: readonly Mutation[] = [
  { name: 'bit of the signature', mutate: (token, random) => withSignature(token, (bytes) => flipBit(bytes, random)) },
  {
    name: 'signature of one byte',
    mutate: (token, random) =>
      withSignature(token, ({ length }) => Buffer.alloc(length, random.pick([0, 1, 0x7f, 0x80, 0xff]))),
  },
  { name: 'random signature', mutate: (token, random) => withSignature(token, ({ length }) => random.bytes(length)) },
  {
    name: 'signature of another length',
    mutate: (token, random) =>
      withSignature(token, (bytes) => {
        const zero = Buffer.from([0]);
        const half = bytes.length / 2;
        const [left, right] = [bytes.subarray(0, half), bytes.subarray(half)];
        return random.pick([
          bytes.subarray(1),
          bytes.subarray(0, -1),
          Buffer.concat([zero, bytes]),
          Buffer.concat([bytes, zero]),
          Buffer.concat([zero, left, zero, right]),
          Buffer.concat([bytes, bytes]),
          bytes.subarray(0, half),
          bytes.subarray(0, 1),
        ]);
      }),
  },
  {
    name: 'signature of another token',
    mutate: ({ text, signer }, random, { tokens }) => {
      const other = random.pick(random.oneIn(2) ? tokens : tokens.filter((token) => token.signer === signer));
      return `${text.slice(0, text.lastIndexOf('.'))}.${other.text.split('.')[2]}`;
    },
  },
  {
    name: 'parts of two tokens',
    mutate: ({ text }, random, { tokens }) => {
      const [one, other] = [text.split('.'), random.pick(tokens).text.split('.')];
      return one.map((part, at) => (random.oneIn(2) ? part : other[at])).join('.');
    },
  },
  {
    name: 'DER signature',
    families: ['ECDSA'],
    mutate: (token, random) =>
      withSignature(token, (bytes) => {
        const der = toDer(bytes);
        return random.pick([der, Buffer.concat([der, Buffer.alloc(4)]), der.subarray(0, bytes.length)]);
      }),
  },
  {
    name: 'ECDSA numbers',
    families: ['ECDSA'],
    mutate: (token, random) => {
      const n = orders[token.signer.key.algorithm as 'ES256'];
      return withSignature(token, (bytes) => {
        const { r, s } = readEcdsa(bytes);
        const odd = [0n, 1n, n - 1n, n, n + 1n, 2n * n, r, s, n - r, n - s, r + n, s + n];
        return writeEcdsa(random.pick(odd), random.pick(odd), bytes.length);
      });
    },
  },
  {
    name: 'mirrored ECDSA signature',
    families: ['ECDSA'],
    mutate: (token) => {
      const n = orders[token.signer.key.algorithm as 'ES256'];
      return withSignature(token, (bytes) => writeEcdsa(readEcdsa(bytes).r, n - readEcdsa(bytes).s, bytes.length));
    },
  },
  {
    name: 'swapped ECDSA coordinates',
    families: ['ECDSA'],
    mutate: (token) =>
      withSignature(token, (bytes) => writeEcdsa(readEcdsa(bytes).s, readEcdsa(bytes).r, bytes.length)),
  },
  {
    name: 'EdDSA numbers',
    families: ['EdDSA'],
    mutate: (token, random) =>
      withSignature(token, (bytes) => {
        const [point, scalar] = [bytes.subarray(0, 32), bytes.subarray(32)];
        const neutral = toBytes(1n << 248n, 32);
        return random.pick([
          addOrderToEdDsa(bytes),
          Buffer.concat([neutral, Buffer.alloc(32)]),
          Buffer.concat([neutral, scalar]),
          Buffer.concat([point, Buffer.alloc(32)]),
          Buffer.concat([scalar, point]),
          Buffer.concat([Buffer.alloc(32, 0xff), scalar]),
        ]);
      }),
  },
  {
    name: 'RSA numbers',
    families: ['RSA', 'RSA-PSS'],
    mutate: (token, random) => {
      const n = toNumber(Buffer.from(token.signer.key.verifyKey.export({ format: 'jwk' }).n!, 'base64url'));
      return withSignature(token, (bytes) => {
        const s = toNumber(bytes);
        const length = bytes.length;
        const longer = [s + n, n + 1n, n * 2n].map((value) => toBytes(value, length + 1));
        return random.pick([
          ...longer,
          ...[0n, 1n, 2n, n - 1n, n, n - s, s - 1n].map((value) => toBytes(value, length)),
        ]);
      });
    },
  },
  {
    name: 'RSA block filled by hand',
    families: ['RSA'],
    mutate: ({ signer, header, claims }, random) => {
      const { hash } = algorithms[signer.key.algorithm] as { hash: Hash };
      const input = `${encode(header)}.${encode(claims)}`;
      const info = digestInfoOf(hash, input);
      const block = random.pick([
        () => pkcs1Block(info, 256),
        () => pkcs1Block(info, 256, { garbage: 1 + random.below(150) }),
        () => pkcs1Block(info, 256, { type: random.below(3) }),
        () => pkcs1Block(info, 256, { fill: random.below(256) }),
        () => pkcs1Block(digestInfoOf(hash, input, { withoutNull: true }), 256),
        () => pkcs1Block(digestInfoOf(random.pick(['sha1', 'sha256', 'sha384', 'sha512']), input), 256),
        () => pkcs1Block(info.subarray(-algorithms.HS256.bytes), 256),
        () => pssBlock(input, 256, { hash, salt: random.bytes(32) }),
      ])();
      return `${input}.${rawRsa(signer.key.signKey!, block).toString('base64url')}`;
    },
  },
  {
    name: 'PSS block filled by hand',
    families: ['RSA-PSS'],
    mutate: ({ signer, header, claims }, random) => {
      const { hash, bytes } = algorithms[signer.key.algorithm] as { hash: Hash; bytes: number };
      const input = `${encode(header)}.${encode(claims)}`;
      const salt = random.bytes(random.oneIn(2) ? bytes : random.pick([0, 1, 20, bytes - 1, bytes + 1, 94]));
      const mgf = random.oneIn(2) ? hash : random.pick<Hash>(['sha1', 'sha256', 'sha384', 'sha512']);
      const trailer = random.oneIn(3) ? random.below(256) : 0xbc;
      const block = pssBlock(input, 256, { hash, mgf, salt, trailer });
      return `${input}.${rawRsa(signer.key.signKey!, block).toString('base64url')}`;
    },
  },
];

// ---- other forms ----------------------------------------------------------------------------------------------------

const formMutations: readonly Mutation[] = [
  {
    name: 'JSON serialisation',
    mutate: ({ text, header }, random) => {
      const [encoded, payload, signature] = text.split('.');
      return random.pick([
        JSON.stringify({ protected: encoded, payload, signature }),
        JSON.stringify({ payload, signatures: [{ protected: encoded, signature }] }),
        JSON.stringify({ payload, header, signature }),
        `{"a":"${text}"}`,
        `${text.slice(0, text.indexOf('.'))}.{"payload":"${payload}"}.${signature}`,
      ]);
    },
  },
  {
    name: 'five parts of a JWE',
    mutate: ({ text, header }, random) => {
      const jwe = encode({
        ...header,
        alg: random.pick(['RSA-OAEP', 'dir', 'PBES2-HS256+A128KW']),
        enc: 'A256GCM',
        p2c: 2_000_000_000,
      });
      const random4 = [32, 12, 40, 16].map((length) => random.bytes(length).toString('base64url'));
      return random.pick([
        [jwe, ...random4].join('.'),
        [jwe, '', ...random4.slice(1)].join('.'),
        `${text}.AA.AA`,
        `${jwe}..AA.AA.AA`,
      ]);
    },
  },
  {
    name: 'random text',
    mutate: (_token, random) =>
      random.pick([
        random.text(random.below(200), `${alphabet}..`),
        random.bytes(random.below(200)).toString('latin1'),
        `${random.text(20, alphabet)}.${random.text(40, alphabet)}.${random.text(43, alphabet)}`,
      ]),
  },
];

/** Every mutation; those of the text alone are named `text: …`. */
export const mutations: readonly Mutation[] = [
  ...textMutations.map(([name, change]): Mutation => ({
    name: `text: ${name}`,
    mutate: ({ text }, random) => change(text, random),
  })),
  ...headerMutations,
  ...payloadMutations,
  ...signatureMutations,
  ...formMutations,
];

const mutationsOf: Readonly<Record<Family, readonly Mutation[]>> = {
  HMAC: mutationsFor('HMAC'),
  RSA: mutationsFor('RSA'),
  'RSA-PSS': mutationsFor('RSA-PSS'),
  ECDSA: mutationsFor('ECDSA'),
  EdDSA: mutationsFor('EdDSA'),
};

function mutationsFor(family: Family): readonly Mutation[] {
  return mutations.filter(({ families }) => families?.includes(family) ?? true);
}
