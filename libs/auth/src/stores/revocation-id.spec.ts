import { revocationId } from './revocation-id.js';

describe('revocationId', () => {
  it('leaves ids of ours readable up to 200 characters', () => {
    for (const id of ['a', 'x'.repeat(200), 'Zoë']) expect(revocationId(id)).toBe(id);
  });

  it('hashes longer ids into one size, each to its own', () => {
    const [one, other] = [revocationId('x'.repeat(201)), revocationId('x'.repeat(202))];
    expect(one).toMatch(/^sha256:[\w-]{43}$/);
    expect(other).not.toBe(one);
  });

  it('HA-08 keeps issuers apart: the same id of two issuers is two ids, and none of ours', () => {
    const ids = [
      revocationId('ada'),
      revocationId('ada', 'https://a'),
      revocationId('ada', 'https://b'),
      revocationId('a', 'https://ad'),
    ];
    expect(new Set(ids).size).toBe(4);
    expect(revocationId('b', 'a')).not.toBe(revocationId('', 'ab'));
    expect(revocationId('x'.repeat(300), 'null')).not.toBe(revocationId('x'.repeat(300)));
  });
});
