import { isCanonicalBase64url } from './base64url.js';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The definition: decoding and encoding again gives the same text. */
function roundTrips(text: string): boolean {
  return Buffer.from(text, 'base64url').toString('base64url') === text;
}

describe('isCanonicalBase64url', () => {
  it('accepts what encoding gives, at every length', () => {
    for (let length = 1; length < 200; length++) {
      const text = Buffer.alloc(length, length).toString('base64url');
      expect([text, isCanonicalBase64url(text)]).toEqual([text, true]);
    }
  });

  it('accepts of short texts those that encoding gives, and no other', () => {
    const wrong: string[] = [];
    for (const a of ['', 'A', '_']) {
      for (const b of ['', ...alphabet]) {
        for (const c of alphabet) {
          const text = a + b + c;
          if (isCanonicalBase64url(text) !== roundTrips(text)) wrong.push(text);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['padding', 'QQ=='],
    ['padding inside', 'QQ==QQ=='],
    ['the standard alphabet', '+/+/'],
    ['a space inside', 'QU FB'],
    ['a space before', ' QUFB'],
    ['a space behind', 'QUFB '],
    ['a line feed behind', 'QUFB\n'],
    ['a line of its own', '!\nQUFB'],
    ['a NUL', 'QUFB\0'],
    ['a dot', 'QU.B'],
    ['one character too many', 'QUFBQ'],
    ['unused bits that are set, two', 'QUF'.replace('F', 'G')],
    ['unused bits that are set, four', 'QR'],
    ['a letter whose low byte is in the alphabet', 'QUF\u0142'],
    ['full-width letters', '\uff31\uff35\uff26\uff22'],
    ['a long s, which lower-cases into the alphabet', '\u017fUFB'],
  ])('TR-05 refuses %s', (_name, text) => {
    expect(isCanonicalBase64url(text)).toBe(false);
  });
});
