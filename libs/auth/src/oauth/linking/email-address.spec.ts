import { normalEmail } from './email-address.js';

describe('normalEmail()', () => {
  it.each([
    ['bob@example.com', 'bob@example.com'],
    ['Bob.Smith+news@Example.COM', 'bob.smith+news@example.com'],
    ['bob@example.com.', 'bob@example.com'],
    ['bob@bücher.example', 'bob@xn--bcher-kva.example'],
    ['bob@BÜCHER.example', 'bob@xn--bcher-kva.example'],
    ['bob@xn--bcher-kva.example', 'bob@xn--bcher-kva.example'],
    ['bob@ｅxample。com', 'bob@example.com'],
    ["o'neil@example.com", "o'neil@example.com"],
    ['bob@mail.123.example', 'bob@mail.123.example'],
  ])('AL-08 writes %s as %s', (text, normal) => {
    expect(normalEmail(text)).toBe(normal);
    expect(normalEmail(normal)).toBe(normal);
  });

  it.each([
    'bob',
    '@example.com',
    'bob@',
    'bob@@example.com',
    'bob@evil.example@example.com',
    'bob@example.com,eve@evil.example',
    'bob@example.com, eve@evil.example',
    'bob@example.com;eve@evil.example',
    'bob@example.com eve@evil.example',
    ' bob@example.com',
    'bob@example.com ',
    'bob@example.com\n',
    'bob@example.com\0',
    'bob @example.com',
    '"bob"@example.com',
    '<bob@example.com>',
    'Bob <bob@example.com>',
    'bob(x)@example.com',
    '.bob@example.com',
    'bob.@example.com',
    'b..ob@example.com',
    'bob@localhost',
    'bob@[127.0.0.1]',
    'bob@127.0.0.1',
    'bob@example..com',
    'bob@example.com..',
    'bob@exam_ple.com',
    'bob@example.com/x',
    'bob@example.com?x',
    'bob@example.com#x',
    'bob@example.com:25',
    'bob@example.com\\x',
    'bob@example.com%00',
    // a dotless i, a Kelvin sign, a Cyrillic o: other letters in upper or lower case, or to the eye
    'bıb@example.com',
    '\u212Aob@example.com',
    'b\u043Eb@example.com',
    'bob\u200b@example.com',
    `${'b'.repeat(65)}@example.com`,
    `bob@${'a'.repeat(250)}.com`,
    '',
    undefined,
    null,
    5,
    ['bob@example.com'],
    { toString: () => 'bob@example.com' },
  ])('AL-08 takes %j for no address', (text) => {
    expect(normalEmail(text)).toBeUndefined();
  });

  it('AL-08 takes no letter of a domain for one that looks like it', () => {
    expect(normalEmail('bob@ex\u0430mple.com')).not.toBe('bob@example.com');
  });
});
