import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { CompactEncrypt } from 'jose';
import { Random } from '../../../../test/fuzz/random.js';
import { createSigners, encode, seal } from '../../../../test/fuzz/tokens.js';
import { AuthError } from '../auth.errors.js';
import { KeyRing } from './key-ring.js';
import { createJwtKey } from './keys.js';
import { signJwt } from './sign.js';
import { longestToken, parseJwt, verifyJwt, type VerifiedJwt } from './verify.js';

const signers = createSigners(new Random(1));
const secret = createJwtKey('o', { algorithm: 'HS256', kid: 'k1', key: randomBytes(64) });
const ring = new KeyRing([secret, createJwtKey('o', { algorithm: 'HS512', kid: 'k2', key: randomBytes(64) })]);
const pairs = signers.at(-1)!.ring;
const rsa = pairs.find({ alg: 'RS256', kid: 'rs256' })!;

const header = { alg: 'HS256', kid: 'k1' };
const claims = { iss: 'https://api.example.com', sub: 'ada', exp: 4_102_444_800 };
const token = seal(secret, header, claims);

/** What a guarded request does with a text: read it, find its key, verify. */
function verify(text: string, keys = ring): VerifiedJwt {
  const parsed = parseJwt(text);
  const key = keys.find(parsed.header as { alg: unknown; kid: unknown });
  if (key === undefined) throw new AuthError('token_invalid', { reason: 'no key applies' });
  return verifyJwt(parsed, key);
}

function refusal(text: string, keys = ring): AuthError {
  try {
    verify(text, keys);
  } catch (error) {
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ code: 'token_invalid', statusCode: 401, error: 'invalid_token' });
    expect((error as AuthError).cause).toBeUndefined();
    return error as AuthError;
  }
  throw new Error(`not refused: ${text}`);
}

/** With this header over the right payload, signed by the right key. */
const withHeader = (other: unknown) => seal(secret, other, claims);
/** With this payload under the right header, signed by the right key. */
const withPayload = (other: unknown) => seal(secret, header, other);
/** The claims with one member written as given. */
const withClaim = (name: string, json: string) =>
  withPayload(JSON.stringify(claims).replace('{', `{${JSON.stringify(name)}:${json},`));
/** Of the processor, whatever else the machine does. */
const milliseconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000;
/** Replace one part. */
const withPart = (at: number, part: string) => token.split('.').with(at, part).join('.');

describe('verify', () => {
  it('accepts the token that the tables below change', () => {
    expect(verify(token)).toMatchObject({ raw: token, header, claims });
  });
});

describe('JF-01 the algorithm none', () => {
  const spellings = [
    'none',
    'None',
    'NONE',
    'nOnE',
    ' none',
    'none ',
    'none\0',
    '',
    null,
    [],
    ['none'],
    {},
    0,
    false,
    undefined,
  ];

  it.each(spellings)('is refused as alg %j, without a signature, with the old one and with a new one', (alg) => {
    const first = encode({ ...header, alg });
    const [, payload, signature] = token.split('.');
    for (const text of [`${first}.${payload}.`, `${first}.${payload}.${signature}`, withHeader({ ...header, alg })])
      refusal(text);
  });

  it('is refused without kid too, by a ring whose key has none', () => {
    const unnamed = new KeyRing([createJwtKey('o', { algorithm: 'HS256', key: randomBytes(32) })]);
    for (const alg of spellings) refusal(`${encode({ alg })}.${encode(claims)}.`, unnamed);
  });

  it.each(['hs256', 'Hs256', ' HS256', 'HS256 ', 'HS256\0', 'HS-256'])('is no wider net: alg %j is refused', (alg) => {
    expect(refusal(withHeader({ ...header, alg })).reason).toBe('no key applies');
  });
});

describe('JF-02 the public key as HMAC secret', () => {
  const publicKey = rsa.verifyKey;
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const jwk = publicKey.export({ format: 'jwk' });

  it.each<[string, string | Buffer]>([
    ['PEM', pem],
    ['PEM of PKCS#1', publicKey.export({ format: 'pem', type: 'pkcs1' }).toString()],
    ['PEM without its last line feed', pem.trim()],
    ['PEM behind a space', ` ${pem}`],
    ['PEM behind a line feed', `\n${pem}`],
    ['PEM with CRLF', pem.replaceAll('\n', '\r\n')],
    ['PEM without its armour', pem.replaceAll(/-----.*-----\n/g, '')],
    ['DER', der],
    ['base64 of DER', der.toString('base64')],
    ['a JWK', JSON.stringify(jwk)],
    ['the modulus as text', jwk.n!],
    ['the modulus as bytes', Buffer.from(jwk.n!, 'base64url')],
    ['nothing', ''],
  ])('is refused as %s, by the kid of the key and without', (_name, key) => {
    for (const [alg, hash] of [
      ['HS256', 'sha256'],
      ['HS384', 'sha384'],
      ['HS512', 'sha512'],
      ['RS256', 'sha256'],
    ] as const) {
      for (const kid of ['rs256', undefined]) {
        const input = `${encode({ alg, kid })}.${encode(claims)}`;
        refusal(`${input}.${createHmac(hash, key).update(input).digest('base64url')}`, pairs);
      }
    }
  });
});

describe('JF-03, JF-04 the algorithm is the one of the key', () => {
  it.each(['HS384', 'HS512'] as const)('refuses %s made with the real secret of HS256', (algorithm) => {
    refusal(seal(secret, { alg: algorithm, kid: 'k1' }, claims, algorithm));
    refusal(seal(secret, header, claims, algorithm));
  });

  it.each(['RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const)(
    'refuses %s made with the real key of RS256',
    (algorithm) => {
      refusal(seal(rsa, { alg: algorithm, kid: 'rs256' }, claims, algorithm), pairs);
      refusal(seal(rsa, { alg: 'RS256', kid: 'rs256' }, claims, algorithm), pairs);
    },
  );

  it('is checked once more when a key is given by hand', () => {
    const parsed = parseJwt(withHeader({ ...header, alg: 'HS512' }));
    expect(() => verifyJwt(parsed, secret)).toThrow(expect.objectContaining({ code: 'token_invalid' }));
  });
});

describe('JF-10 the key is found by kid alone', () => {
  it.each<[string, object]>([
    ['an unknown kid', { alg: 'HS256', kid: 'k3' }],
    ['the kid of another key', { alg: 'HS256', kid: 'k2' }],
    ['another case', { alg: 'HS256', kid: 'K1' }],
    ['no kid in a ring where two could apply', { alg: 'none' }],
  ])('refuses %s', (_name, other) => expect(refusal(withHeader(other)).reason).toBe('no key applies'));

  it('refuses a token that another key of the ring signed', () => {
    refusal(seal(ring.keys[1]!, { alg: 'HS512', kid: 'k1' }, claims));
    refusal(seal(ring.keys[1]!, header, claims, 'HS256'));
  });
});

describe('JF-11 the signature', () => {
  const signature = token.split('.')[2]!;

  it.each<[string, string]>([
    ['empty', ''],
    ['one character', 'A'],
    ['cut by a character', signature.slice(0, -1)],
    ['cut by a byte', Buffer.from(signature, 'base64url').subarray(0, -1).toString('base64url')],
    ['longer by a character', `${signature}A`],
    ['twice', signature + signature],
    ['in another case', signature.toLowerCase()],
  ])('is refused when %s', (_name, other) => {
    expect(refusal(withPart(2, other)).reason).toBe('the signature does not match');
  });

  it('covers every bit of header and payload', () => {
    const input = token.slice(0, token.lastIndexOf('.'));
    for (let at = 0; at < input.length; at++) {
      for (const bit of [0, 1, 2, 3, 4, 5, 6]) {
        refusal(input.slice(0, at) + String.fromCharCode(input.charCodeAt(at) ^ (1 << bit)) + token.slice(at + 1));
      }
    }
  });

  it('is of the text as sent: the same claims in another order are refused', () => {
    refusal(withPart(1, encode({ exp: claims.exp, sub: claims.sub, iss: claims.iss })));
  });
});

describe('JF-13, JF-14 other forms', () => {
  const [first, payload, signature] = token.split('.');

  it('JF-13 refuses a token encrypted with the public key', async () => {
    const jwe = await new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'rs256' })
      .encrypt(rsa.verifyKey);
    expect(jwe.split('.')).toHaveLength(5);
    expect(refusal(jwe, pairs).reason).toBe('a token has three parts');
  });

  it('DS-02 refuses PBES2 with two billion rounds, and compressed tokens, at once', () => {
    const began = process.cpuUsage();
    refusal(`${encode({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_000_000_000, p2s: 'AAAA' })}.AA.AA.AA.AA`);
    refusal(`${encode({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..AA.AA.AA`);
    refusal(withHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_000_000_000, kid: 'k1' }));
    expect(milliseconds(process.cpuUsage(began))).toBeLessThan(50);
  });

  it.each<[string, string]>([
    ['flattened JSON', JSON.stringify({ protected: first, payload, signature })],
    ['general JSON', JSON.stringify({ payload, signatures: [{ protected: first, signature }] })],
    ['JSON around the compact form', `{"a":"${token}"}`],
    ['JSON in the middle', `${first}.{"payload":"${payload}"}.${signature}`],
    ['a JSON string', JSON.stringify(token)],
    ['the scheme before it', `Bearer ${token}`],
    ['two tokens', `${token},${token}`],
    ['one part', first!],
    ['two parts', `${first}.${payload}`],
    ['four parts', `${token}.${signature}`],
    ['a dot behind', `${token}.`],
    ['a dot before', `.${token}`],
    ['an empty header', `.${payload}.${signature}`],
    ['an empty payload', `${first}..${signature}`],
    ['detached payload, signed', seal(secret, header, '')],
    ['nothing', ''],
    ['a dot', '.'],
    ['two dots', '..'],
    ['thousands of dots', '.'.repeat(10_000)],
  ])('JF-14 refuses %s', (_name, text) => {
    refusal(text);
  });
});

describe('TR-05 one token has one spelling', () => {
  it.each<[string, (part: string) => string]>([
    ['padding', (part) => `${part}=`],
    ['padding to four', (part) => part + '='.repeat((4 - (part.length % 4)) % 4 || 4)],
    ['a space inside', (part) => `${part.slice(0, 7)} ${part.slice(7)}`],
    ['a space before', (part) => ` ${part}`],
    ['a space behind', (part) => `${part} `],
    ['a line feed behind', (part) => `${part}\n`],
    ['a tab inside', (part) => `${part.slice(0, 4)}\t${part.slice(4)}`],
    ['a NUL behind', (part) => `${part}\0`],
    ['a letter of another script', (part) => String.fromCharCode(part.charCodeAt(0) + 0x100) + part.slice(1)],
    ['a full-width letter', (part) => String.fromCharCode(part.charCodeAt(0) + 0xfee0) + part.slice(1)],
    ['a percent sign', (part) => `%65${part.slice(1)}`],
  ])('refuses %s in any part', (_name, change) => {
    for (const at of [0, 1, 2]) refusal(withPart(at, change(token.split('.')[at]!)));
  });

  it('refuses a header or payload of another spelling even when the right key signed it', () => {
    const sign = (input: string) =>
      `${input}.${createHmac('sha256', secret.signKey!).update(input).digest('base64url')}`;
    const [first, second] = [encode(header), encode(claims)];
    expect(verify(sign(`${first}.${second}`)).claims).toEqual(claims);
    for (const odd of ['=', ' ', '\n', '==', '\u2028']) {
      expect(refusal(sign(`${first}${odd}.${second}`)).reason).toBe('the header is not base64url');
      expect(refusal(sign(`${first}.${second}${odd}`)).reason).toBe('the payload is not base64url');
    }
  });
});

describe('HA-01, HA-02 keys in the header', () => {
  const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = createJwtKey('o', { algorithm: 'RS256', kid: 'rs256', key: attacker.privateKey });
  const jwk = attacker.publicKey.export({ format: 'jwk' });
  const certificate = attacker.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');

  const parameters: [string, object][] = [
    ['HA-01 jwk', { jwk }],
    ['HA-01 jwk with a private part', { jwk: attacker.privateKey.export({ format: 'jwk' }) }],
    ['HA-01 x5c', { x5c: [certificate] }],
    ['HA-01 x5t', { x5t: 'AAAA', 'x5t#S256': 'AAAA' }],
    ['HA-02 jku', { jku: 'https://attacker.example/jwks.json' }],
    ['HA-02 jku with userinfo', { jku: 'https://api.example.com@attacker.example/jwks.json' }],
    ['HA-02 jku with a fragment', { jku: 'https://attacker.example/#https://api.example.com' }],
    ['HA-02 jku to this machine', { jku: 'http://169.254.169.254/latest/meta-data' }],
    ['HA-02 x5u of data', { x5u: `data:text/plain;base64,${certificate}` }],
    ['HA-02 jku of a file', { jku: 'file:///etc/passwd' }],
  ];

  const fetched = jest.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('no network'));
  beforeEach(() => void fetched.mockClear());
  afterAll(() => fetched.mockRestore());

  it.each(parameters)('%s: the token is refused, and nothing is fetched', (_name, more) => {
    for (const kid of ['rs256', 'attacker', undefined])
      refusal(seal(key, { alg: 'RS256', kid, ...more }, claims), pairs);
    expect(fetched).not.toHaveBeenCalled();
  });

  it.each(parameters)('%s: is not read in a token of ours either', (_name, more) => {
    expect(verify(seal(rsa, { alg: 'RS256', kid: 'rs256', ...more }, claims), pairs).claims).toEqual(claims);
    expect(fetched).not.toHaveBeenCalled();
  });
});

describe('HA-03, HA-04 kid', () => {
  it.each<[string, unknown]>([
    ['HA-03', '../../../../../../dev/null'],
    ['HA-03', "k1' UNION SELECT 'secret"],
    ['HA-03', 'k1; curl attacker.example'],
    ['HA-03', '$(id)'],
    ['HA-03', 'k1\0'],
    ['HA-03', 'k1\r\nforged log line'],
    ['HA-03', 'k'.repeat(4_096)],
    ['HA-03', { k1: true }],
    ['HA-03', ['k1']],
    ['HA-03', 1],
    ['HA-03', null],
    ['HA-03', true],
    ['HA-03', ''],
    ['HA-04', '__proto__'],
    ['HA-04', 'constructor'],
    ['HA-04', 'toString'],
    ['HA-04', 'hasOwnProperty'],
  ])('%s refuses %j, and does not repeat it in the reason', (_id, kid) => {
    const { reason, message } = refusal(withHeader({ alg: 'HS256', kid }));
    expect(reason).toBe('no key applies');
    expect(message).toBe('The token is invalid');
  });
});

describe('HA-05, HA-06 critical extensions', () => {
  it.each<[string, object]>([
    ['HA-05', { crit: ['unknown'], unknown: 1 }],
    ['HA-05', { crit: ['absent'] }],
    ['HA-05', { crit: [] }],
    ['HA-05', { crit: 'unknown' }],
    ['HA-05', { crit: null }],
    ['HA-05', { crit: {} }],
    ['HA-05', { crit: [''] }],
    ['HA-05', { crit: [1] }],
    ['HA-05', { crit: ['alg'] }],
    ['HA-05', { crit: ['exp'], exp: 1 }],
    ['HA-05', { crit: ['__proto__'] }],
    ['HA-06', { b64: false, crit: ['b64'] }],
    ['HA-06', { b64: true, crit: ['b64'] }],
    ['HA-06', { b64: false }],
    ['HA-06', { b64: true }],
    ['HA-06', { b64: null }],
  ])('%s refuses %j though the right key signed it', (_id, more) => {
    expect(refusal(withHeader({ ...header, ...more })).reason).toBe('the header has a critical extension');
  });

  it('HA-06 refuses an unencoded payload', () => {
    const first = encode({ ...header, b64: false, crit: ['b64'] });
    const payload = JSON.stringify({ sub: 'ada' });
    const signature = createHmac('sha256', secret.signKey!).update(`${first}.${payload}`).digest('base64url');
    refusal(`${first}.${payload}.${signature}`);
  });
});

describe('HA-12 duplicate names in the header', () => {
  it('the last one counts: none behind the algorithm is refused', () => {
    refusal(withHeader('{"alg":"HS256","kid":"k1","alg":"none"}'));
    refusal(withHeader('{"alg":"HS256","kid":"k1","kid":"k2"}'));
  });

  it('the last one counts: none before the algorithm is nothing', () => {
    expect(verify(withHeader('{"alg":"none","kid":"x","alg":"HS256","kid":"k1"}')).header).toEqual(header);
  });
});

describe('the header', () => {
  it.each<[string, unknown]>([
    ['no JSON', '{'],
    ['a list', '[{"alg":"HS256","kid":"k1"}]'],
    ['text', '"HS256"'],
    ['null', 'null'],
    ['a number', '256'],
    ['JSON with bytes behind', '{"alg":"HS256","kid":"k1"}x'],
    ['JSON with a NUL behind', '{"alg":"HS256","kid":"k1"}\0'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['UTF-16', Buffer.from(JSON.stringify(header), 'utf16le')],
    ['behind a byte order mark', `\ufeff${JSON.stringify(header)}`],
    ['only on a prototype', '{"__proto__":{"alg":"HS256","kid":"k1"}}'],
  ])('is refused when it is %s', (_name, other) => {
    refusal(withHeader(other));
  });

  it.each([1, null, true, [], ['at+jwt'], {}])('is refused when typ is %j', (typ) => {
    expect(refusal(withHeader({ ...header, typ })).reason).toBe('typ is not a string');
  });

  it('is frozen to the bottom: what one request does to it, the next does not see', () => {
    const text = withHeader({ ...header, more: { list: [{ x: 1 }] } });
    const [one, other] = [verify(text), verify(text)];
    for (const { header: read } of [one, other]) {
      const more = read['more'] as { list: { x: number }[] };
      expect(() => (more.list[0]!.x = 2)).toThrow(TypeError);
      expect(() => more.list.push({ x: 2 })).toThrow(TypeError);
      expect(() => Object.assign(read, { alg: 'none' })).toThrow(TypeError);
    }
  });

  it('of a refused token is not remembered for the next one', () => {
    const forged = withPart(0, encode({ ...header, note: 'forged' }));
    refusal(forged);
    refusal(forged);
    expect(verify(token).header).toEqual(header);
  });

  it('of many verified tokens may differ: each gets its own', () => {
    for (let round = 0; round < 200; round++) {
      expect(verify(withHeader({ ...header, round })).header).toEqual({ ...header, round });
    }
  });
});

describe('the claims', () => {
  it.each<[string, string, string]>([
    ['exp', '"4102444800"', 'CA-01'],
    ['exp', 'null', 'CA-01'],
    ['exp', '-1', 'CA-01'],
    ['exp', '[4102444800]', 'CA-01'],
    ['exp', '{}', 'CA-01'],
    ['exp', 'true', 'CA-01'],
    ['exp', '1e308', 'CA-03'],
    ['exp', '1e400', 'CA-03'],
    ['exp', '8640000000001', 'CA-03'],
    ['nbf', '"0"', 'CA-02'],
    ['nbf', 'null', 'CA-02'],
    ['nbf', '-1', 'CA-02'],
    ['iat', '"0"', 'CA-02'],
    ['iat', 'false', 'CA-02'],
    ['iat', '-1e400', 'CA-02'],
    ['auth_time', '"now"', 'CA-02'],
    ['auth_time', '{}', 'CA-02'],
    ['iss', '["https://api.example.com"]', 'CA-04'],
    ['iss', 'null', 'CA-04'],
    ['iss', '{"toString":"https://api.example.com"}', 'CA-04'],
    ['aud', 'null', 'CA-05'],
    ['aud', '1', 'CA-05'],
    ['aud', '{"0":"https://api.example.com"}', 'CA-05'],
    ['aud', '[["https://api.example.com"]]', 'CA-05'],
    ['aud', '["https://api.example.com",null]', 'CA-05'],
    ['jti', '1', 'RV-08'],
    ['jti', 'null', 'RV-08'],
    ['sid', '{"$ne":null}', 'ST-06'],
  ])('%s of %s is refused (%s)', (name, json) => {
    const { [name as 'exp']: _old, ...rest } = claims;
    const text = withPayload(JSON.stringify(rest).replace('{', `{${JSON.stringify(name)}:${json},`));
    expect(refusal(text).reason).toMatch(new RegExp(`^${name} is `));
  });

  it.each([0, 0.5, 4_102_444_800, 8_640_000_000_000])('a NumericDate may be %p', (second) => {
    expect(
      verify(withPayload({ ...claims, exp: second, nbf: second, iat: second, auth_time: second })).claims.exp,
    ).toBe(second);
  });

  it.each<[string, string]>([
    ['exp', '1'],
    ['sub', '"root"'],
    ['aud', '"other"'],
  ])('CA-09 of %s twice the last counts', (name, json) => {
    const first = JSON.parse(Buffer.from(withClaim(name, json).split('.')[1]!, 'base64url').toString()) as object;
    expect(verify(withClaim(name, json)).claims).toEqual(first);
    const last = withPayload(JSON.stringify(claims).replace('}', `,${JSON.stringify(name)}:${json}}`));
    expect(verify(last).claims[name]).toEqual(JSON.parse(json));
  });

  it('CA-09 of exp twice the last one is checked: a good one in front saves no bad one', () => {
    expect(refusal(withPayload('{"exp":4102444800,"sub":"ada","exp":"x"}')).reason).toBe('exp is not a NumericDate');
    expect(verify(withPayload('{"exp":"x","sub":"ada","exp":4102444800}')).claims.exp).toBe(4_102_444_800);
  });

  it.each<[string, unknown, string]>([
    ['a list', '[]', 'the payload is not an object'],
    ['a list of claims sets', JSON.stringify([claims]), 'the payload is not an object'],
    ['text', '"ada"', 'the payload is not an object'],
    ['a number', '1', 'the payload is not an object'],
    ['null', 'null', 'the payload is not an object'],
    ['true', 'true', 'the payload is not an object'],
    ['no JSON', 'sub=ada', 'the payload is not JSON'],
    ['cut off', JSON.stringify(claims).slice(0, -1), 'the payload is not JSON'],
    ['JSON with bytes behind', `${JSON.stringify(claims)}x`, 'the payload is not JSON'],
    ['two objects', '{}{}', 'the payload is not JSON'],
    ['JSON with a NUL behind', `${JSON.stringify(claims)}\0`, 'the payload is not JSON'],
    ['JSON with a comment', `/**/${JSON.stringify(claims)}`, 'the payload is not JSON'],
    ['JSON with a comma too many', '{"sub":"ada",}', 'the payload is not JSON'],
    ['NaN', '{"exp":NaN}', 'the payload is not JSON'],
    ['behind a byte order mark', `\ufeff${JSON.stringify(claims)}`, 'the payload is not JSON'],
    ['UTF-16', Buffer.from(JSON.stringify(claims), 'utf16le'), 'the payload is not JSON'],
    ['Latin-1', Buffer.from('{"sub":"Zoë"}', 'latin1'), 'the payload is not UTF-8'],
    ['an overlong encoding', Buffer.from([0x7b, 0xc0, 0xaf, 0x7d]), 'the payload is not UTF-8'],
    ['an encoded surrogate', Buffer.from([0x7b, 0xed, 0xa0, 0x80, 0x7d]), 'the payload is not UTF-8'],
    ['a sequence that is cut', Buffer.from([0x7b, 0x7d, 0xe2, 0x82]), 'the payload is not UTF-8'],
    ['a token', token, 'the payload is not JSON'],
    ['empty', '', 'the payload is not base64url'],
  ])('CA-10 are refused when the payload is %s', (_name, payload, reason) => {
    expect(refusal(withPayload(payload)).reason).toBe(reason);
  });

  it('CA-10 a text of the payload is never quoted in the error', () => {
    const { reason, message, stack } = refusal(withPayload('{"password":"hunter2"'));
    expect(`${reason}${message}${stack}`).not.toContain('hunter2');
  });

  it('CA-11 __proto__ and constructor are names as any other', () => {
    const read = verify(withClaim('__proto__', '{"admin":true,"exp":1}')).claims;
    expect(Object.hasOwn(read, '__proto__')).toBe(true);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(read['admin']).toBeUndefined();
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();

    verify(withClaim('constructor', '{"prototype":{"admin":true}}'));
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});

describe('DS-01 size', () => {
  /** Signed, and exactly so long. */
  function tokenOf(length: number): string {
    const bare = withPayload({ filler: '' }).length;
    for (let filler = Math.floor(((length - bare) * 3) / 4) - 4; ; filler++) {
      const text = withPayload({ filler: 'x'.repeat(filler) });
      if (text.length >= length) return text;
    }
  }

  it('a token of 16,384 characters is read, a longer one is refused before anything is decoded', () => {
    const longest = tokenOf(longestToken);
    expect(longest).toHaveLength(longestToken);
    expect(verify(longest).claims['filler']).toMatch(/^x+$/);
    expect(refusal(tokenOf(longestToken + 1)).reason).toBe('the token is too long');
    expect(refusal('A'.repeat(longestToken)).reason).toBe('a token has three parts');
    expect(refusal('A'.repeat(longestToken + 1)).reason).toBe('the token is too long');
  });

  it.each<[string, string]>([
    ['a megabyte of one part', 'A'.repeat(1_000_000)],
    ['a megabyte of dots', '.'.repeat(1_000_000)],
    ['a megabyte before a good token', `${'A'.repeat(1_000_000)}.${token}`],
    ['16 KB of white space', ' '.repeat(16_000)],
    ['a header of 16 KB', `${'A'.repeat(16_000)}.AA.AA`],
    ['a header as deep as it fits', `${encode('['.repeat(12_000))}.AA.AA`],
    ['a header of 6,000 objects', `${encode(`${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`)}.AA.AA`],
  ])('refuses %s in less than 50 ms of the processor', (_name, text) => {
    const began = process.cpuUsage();
    for (let round = 0; round < 5; round++) refusal(text);
    expect(milliseconds(process.cpuUsage(began)) / 5).toBeLessThan(50);
  });

  const nested = (depth: number) => `{"alg":"HS256","kid":"k1","deep":${'['.repeat(depth)}${']'.repeat(depth)}}`;

  it('reads a header of 64 levels, and refuses a deeper one', () => {
    expect(verify(withHeader(nested(64))).claims).toEqual(claims);
    for (const depth of [65, 1_000, 6_000]) {
      const text = `${encode(nested(depth))}.AA.AA`;
      expect(refusal(text.slice(0, longestToken)).reason).toBe('a value is nested too deeply');
    }
  });

  it('reads a payload as deep as it fits without ending the stack', () => {
    expect(verify(withPayload(nested(6_000))).claims['deep']).toHaveLength(1);
  });
});

describe('every key', () => {
  it.each(signers.map((signer) => [signer.key.algorithm, signer.key.kid, signer] as const))(
    '%s %s: refuses its token under every other header',
    (_algorithm, _kid, { key, ring: own }) => {
      const good = signJwt(key, {}, claims);
      expect(verify(good, own).claims).toEqual(claims);
      for (const other of signers) {
        if (other.key.algorithm === key.algorithm && other.key.kid === key.kid) continue;
        const renamed = `${encode({ alg: other.key.algorithm, kid: other.key.kid })}.${good.split('.').slice(1).join('.')}`;
        refusal(renamed, other.ring);
      }
    },
  );
});
