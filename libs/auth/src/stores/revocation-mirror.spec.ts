import { RevocationMirror, type RevocableToken } from './revocation-mirror.js';
import type { Revocation } from './revocation.store.js';

const now = 1_800_000_000_000;
const second = now / 1000;

const row = (kind: Revocation['kind'], id: string, more: Partial<Revocation> = {}): Revocation => ({
  ...{ kind, id, notBefore: 0, revokedAt: now, expiresAt: now + 60_000 },
  ...more,
});
const token = (more: Partial<RevocableToken> = {}): RevocableToken => ({
  ...{ jti: 'j1', sid: 's1', sub: 'ada', iat: second },
  ...more,
});

describe('RevocationMirror', () => {
  let mirror: RevocationMirror;
  beforeEach(() => (mirror = new RevocationMirror()));

  it('revokes nothing while it is empty', () => {
    expect(mirror.isRevoked(token())).toBe(false);
    expect(mirror.isRevoked(token({ jti: undefined, sid: undefined, iat: undefined }))).toBe(false);
    expect(mirror.notBefore('ada')).toBe(-1);
  });

  it.each<[string, Revocation, Partial<RevocableToken>, boolean]>([
    ['its jti', row('jti', 'j1'), {}, true],
    ['another jti', row('jti', 'j2'), {}, false],
    ['a jti that begins so', row('jti', 'j'), {}, false],
    ['a jti in another case', row('jti', 'J1'), {}, false],
    ['its family', row('sid', 's1'), {}, true],
    ['its family, when it has no jti', row('sid', 's1'), { jti: undefined }, true],
    ['another family', row('sid', 's2'), {}, false],
    ['a jti of the name of its family', row('jti', 's1'), {}, false],
    ['a family of the name of its jti', row('sid', 'j1'), {}, false],
    ['a subject of the name of its jti', row('sub', 'j1', { notBefore: second }), {}, false],
    ['its subject, issued before', row('sub', 'ada', { notBefore: second }), { iat: second - 1 }, true],
    ['RV-09 its subject, issued in that second', row('sub', 'ada', { notBefore: second }), { iat: second }, true],
    [
      'RV-09 its subject, issued in the next second',
      row('sub', 'ada', { notBefore: second }),
      { iat: second + 1 },
      false,
    ],
    [
      'RV-09 its subject, issued within that second',
      row('sub', 'ada', { notBefore: second }),
      { iat: second + 0.5 },
      false,
    ],
    ['its subject, without iat', row('sub', 'ada', { notBefore: second }), { iat: undefined }, true],
    ['its subject since the epoch, without iat', row('sub', 'ada', { notBefore: 0 }), { iat: undefined }, true],
    ['another subject', row('sub', 'grace', { notBefore: second }), {}, false],
    ['the jti __proto__', row('jti', '__proto__'), {}, false],
  ])('asked by %s: revoked or not', (_name, revocation, more, revoked) => {
    mirror.add(revocation);
    expect(mirror.isRevoked(token(more))).toBe(revoked);
  });

  it('HA-04 knows no names of prototypes', () => {
    mirror.add(row('sub', 'x', { notBefore: second }));
    for (const name of ['__proto__', 'constructor', 'toString'])
      expect(mirror.isRevoked(token({ jti: name, sid: name, sub: name }))).toBe(false);
    mirror.add(row('jti', '__proto__'));
    expect(mirror.isRevoked(token({ jti: '__proto__' }))).toBe(true);
  });

  it('takes a row twice without harm', () => {
    mirror.add(row('jti', 'j1'));
    mirror.add(row('jti', 'j1'));
    expect(mirror.size('jti')).toBe(1);
  });

  it('RV-09 of two rows of a subject keeps the later second and the later end, in any order', () => {
    const early = row('sub', 'ada', { notBefore: second - 100, expiresAt: now + 9_000_000 });
    const late = row('sub', 'ada', { notBefore: second });
    for (const rows of [
      [early, late],
      [late, early],
    ]) {
      mirror = new RevocationMirror();
      for (const each of rows) mirror.add(each);
      expect(mirror.notBefore('ada')).toBe(second);
      mirror.prune(now + 8_000_000);
      expect(mirror.isRevoked(token())).toBe(true);
    }
  });

  it.each(['jti', 'sid', 'sub'] as const)('RV-06 keeps a %s at least until its end, to the millisecond', (kind) => {
    const id = { jti: 'j1', sid: 's1', sub: 'ada' }[kind];
    const notBefore = kind === 'sub' ? second : 0;
    mirror.add(row(kind, id, { notBefore, expiresAt: now + 1_234 }));
    for (const at of [now, now + 1_000, now + 1_233, now + 1_234]) {
      mirror.prune(at);
      expect([at, mirror.isRevoked(token())]).toEqual([at, true]);
    }
  });

  it.each(['jti', 'sid', 'sub'] as const)('RV-07 forgets a %s soon after its end', (kind) => {
    for (let at = 0; at < 1_000; at++) mirror.add(row(kind, `id ${at}`, { expiresAt: now + at }));
    mirror.prune(now + 3_000);
    expect(mirror.size(kind)).toBe(0);
  });

  it('RV-07 forgets what expired and nothing else', () => {
    for (const kind of ['jti', 'sid', 'sub'] as const) {
      mirror.add(row(kind, 'gone', { expiresAt: now - 5_000 }));
      mirror.add(row(kind, 'live', { expiresAt: now + 5_000, notBefore: second }));
      mirror.add(row(kind, 'for ever', { expiresAt: Infinity, notBefore: second }));
      mirror.add(row(kind, 'until the last date', { expiresAt: 8.64e15, notBefore: second }));
    }
    mirror.prune(now);
    expect([mirror.size('jti'), mirror.size('sid'), mirror.size('sub')]).toEqual([3, 3, 3]);
    expect(mirror.isRevoked(token({ jti: 'live' }))).toBe(true);
    expect(mirror.isRevoked(token({ sid: 'for ever' }))).toBe(true);
    expect(mirror.isRevoked(token({ sub: 'until the last date' }))).toBe(true);
    expect(mirror.isRevoked(token({ jti: 'gone', sid: 'gone', sub: 'gone' }))).toBe(false);
  });

  // FT-07: the clock was set back between two revocations of one family, in this process or in another
  it.each(['jti', 'sid'] as const)('RV-06 of two rows of one %s keeps the later end, in any order', (kind) => {
    const id = { jti: 'j1', sid: 's1' }[kind];
    for (const ends of [
      [now + 60_000, now],
      [now, now + 60_000],
    ]) {
      mirror = new RevocationMirror();
      for (const expiresAt of ends) mirror.add(row(kind, id, { expiresAt }));
      mirror.prune(now + 30_000);
      expect(mirror.isRevoked(token())).toBe(true);
    }
  });
});
