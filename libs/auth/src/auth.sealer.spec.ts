import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { AuthConfigError } from './auth.errors.js';
import { Sealer, type EncryptionKey } from './auth.sealer.js';

const option = 'jwt.managedKeys.encryptionKeys';
const [older, newer] = [randomBytes(32), randomBytes(32)];
const place = ['signing-key', 1, 'the kid', true] as const;

const sealerOf = (...keys: EncryptionKey[]) => new Sealer(option, keys);
const sealer = sealerOf({ id: 'a', key: older });

describe('Sealer', () => {
  it.each(['', 'text', 'ä🔑\u0000\u2028', 'x'.repeat(100_000)])('opens what it sealed, to the letter', (text) => {
    expect(sealer.open(sealer.seal(text, place), place)).toBe(text);
  });

  it('ST-03 writes the id of the key, and nothing of the text; never the same twice', () => {
    const [one, other] = [sealer.seal('very private', place), sealer.seal('very private', place)];
    expect(one).toMatch(/^a\.[\w-]{16}\.[\w-]+$/);
    expect(one.split('.')[1]).not.toBe(other.split('.')[1]);
    const bytes = Buffer.from(one.split('.')[2]!, 'base64url');
    expect(bytes.byteLength).toBe('very private'.length + 16);
    expect(bytes.toString('latin1')).not.toContain('very');
  });

  it.each<[string, readonly (string | number | boolean)[]]>([
    ['another row', ['signing-key', 2, 'the kid', true]],
    ['another purpose', ['grant', 1, 'the kid', true]],
    ['less of the row', ['signing-key', 1, 'the kid']],
    ['a number as text', ['signing-key', '1', 'the kid', true]],
    ['the same letters, cut elsewhere', ['signing-key', 1, 'the ', 'kid', true]],
  ])('ST-03 does not open in the place of %s', (_what, elsewhere) => {
    const sealed = sealer.seal('text', place);
    expect(() => sealer.open(sealed, elsewhere)).toThrow(/does not open what was sealed with the id a/);
  });

  it.each<[string, (parts: string[]) => string[]]>([
    ['nonce', ([id, nonce, data]) => [id!, flipped(nonce!), data!]],
    ['text', ([id, nonce, data]) => [id!, nonce!, flipped(data!)]],
    ['tag', ([id, nonce, data]) => [id!, nonce!, data!.slice(0, -3) + flipped(data!.slice(-3))]],
    ['tag, which is cut', ([id, nonce, data]) => [id!, nonce!, data!.slice(0, -4)]],
  ])('ST-03 does not open what was changed: its %s', (_what, change) => {
    const sealed = sealer.seal('some longer text', place);
    expect(() => sealer.open(change(sealed.split('.')).join('.'), place)).toThrow(AuthConfigError);
  });

  it('ST-04 seals with the first key, and opens what any of them sealed', () => {
    const old = sealer.seal('old', place);
    const both = sealerOf({ id: 'b', key: newer }, { id: 'a', key: older });
    expect(both.open(old, place)).toBe('old');
    expect(both.seal('new', place)).toMatch(/^b\./);
  });

  it('ST-04 names the key that is missing, and takes nothing for plain text', () => {
    const alone = sealerOf({ id: 'b', key: newer });
    expect(() => alone.open(sealer.seal('old', place), place)).toThrow(`${option}: lacks the key with the id a`);
    for (const plain of ['', 'plain', 'a.b', 'a.b.c', '{"kty":"EC"}', `b.${'A'.repeat(16)}.${'A'.repeat(21)}`])
      expect(() => alone.open(plain, place)).toThrow('cannot open what nothing here has sealed');
  });

  it('ST-04 does not open with another key of the same id', () => {
    const sealed = sealer.seal('private', place);
    const other = sealerOf({ id: 'a', key: newer });
    expect(() => other.open(sealed, place)).toThrow(/it is another key than then, or the row was changed/);
    expect(() => other.open(sealed, place)).toThrow(expect.objectContaining({ option }));
  });

  it.each<[string, EncryptionKey['key']]>([
    ['bytes', new Uint8Array(older)],
    ['base64', older.toString('base64')],
    ['base64url', older.toString('base64url')],
    ['a KeyObject', createSecretKey(older)],
  ])('takes a key as %s', (_what, key) => {
    expect(sealerOf({ id: 'a', key }).open(sealer.seal('text', place), place)).toBe('text');
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no list', undefined, option, /is missing: give at least one/],
    ['no key', [], option, /is missing: give at least one/],
    ['a bare key', [older], `${option}[0].0`, /is no option/],
    ['nothing', [null], `${option}[0]`, /must be \{ id, key \}/],
    ['another member', [{ id: 'a', key: older, kid: 'a' }], `${option}[0].kid`, /is no option: there are id, key/],
    ['no id', [{ key: older }], `${option}[0].id`, /letters, digits/],
    ['an id with a dot', [{ id: 'a.b', key: older }], `${option}[0].id`, /letters, digits/],
    ['no key material', [{ id: 'a' }], `${option}[0].key`, /must be 32 random bytes.*openssl rand -base64 32/],
    ['a password', [{ id: 'a', key: 'correct horse battery staple' }], `${option}[0].key`, /must be 32 random bytes/],
    ['32 letters', [{ id: 'a', key: 'x7Kq'.repeat(8) }], `${option}[0].key`, /must be 32 random bytes/],
    ['too few bytes', [{ id: 'a', key: randomBytes(31) }], `${option}[0].key`, /must be 32 random bytes/],
    ['too many bytes', [{ id: 'a', key: randomBytes(33) }], `${option}[0].key`, /must be 32 random bytes/],
    ['zeros', [{ id: 'a', key: Buffer.alloc(32) }], `${option}[0].key`, /is a repeated pattern/],
    [
      'a public key',
      [{ id: 'a', key: generateKeyPairSync('ed25519').publicKey }],
      `${option}[0].key`,
      /32 random bytes/,
    ],
    [
      'two of one id',
      [
        { id: 'a', key: older },
        { id: 'a', key: newer },
      ],
      option,
      /two keys with one id/,
    ],
  ])('CF-03 refuses %s, and says where', (_what, keys, path, problem) => {
    const make = () => new Sealer(option, keys as never);
    expect(make).toThrow(AuthConfigError);
    expect(make).toThrow(expect.objectContaining({ option: path, message: expect.stringMatching(problem) }));
  });

  it('shows no key to whoever prints it', () => {
    const text = inspect(sealer, { depth: 9, showHidden: true }) + JSON.stringify(sealer);
    for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const)
      expect(text).not.toContain(older.toString(encoding));
  });
});

/** Another first bit. */
function flipped(text: string): string {
  return (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
}
