import type { Children, Descent, RotationRows, SessionRow } from '../stores/session.store.js';
import { isLive } from '../stores/session-life.js';
import { nextStep, stateOf, type RefreshTokenState, type RotationStep } from './rotation.js';

const now = 1_800_000_000_000;
const leeway = 10_000;
const hour = 3_600_000;
/** More than a leeway ago, and the last moment of it. */
const closed = now - leeway - 1;
const open = now - leeway;

const noChildren: Children = { count: 0, newestAt: 0 };

const session: SessionRow = {
  ...{ id: 'session', subject: 'ada', tenant: null, grant: {}, data: {}, device: null, network: null },
  ...{ currentId: 'current', previousId: 'previous', rotatedAt: closed, createdAt: now - hour },
  ...{ idleExpiresAt: now + hour, absoluteExpiresAt: now + 2 * hour, revokedAt: null, revokeReason: null },
};
const previous: Descent = { id: 'previous', parentId: 'root', issuedAt: now - 3 * leeway };
const current: Descent = { id: 'current', parentId: 'previous', issuedAt: now - 2 * leeway };

/** What was read for the token, in a session that has turned at least once. */
function rowsOf(token: Descent, changes: Partial<SessionRow> = {}, more: Partial<RotationRows> = {}): RotationRows {
  return {
    session: { ...session, ...changes },
    token: { sessionId: 'session', tokenHash: 'hash', antiCsrfHash: null, ...token },
    ...{ current, previous, childrenOfToken: noChildren, childrenOfCurrent: noChildren },
    ...more,
  };
}

const tokenOf = (parentId: string | null, issuedAt = now - 2 * leeway): Descent => ({
  ...{ id: 'token', parentId, issuedAt },
});

/** A session that has not turned: its first token is the current one. */
function rowsOfNew(token: Descent): RotationRows {
  const first = { id: 'first', parentId: null, issuedAt: now - hour };
  const changes = { currentId: 'first', previousId: null, rotatedAt: 0 };
  return rowsOf(token, changes, { current: first, previous: null });
}

describe('stateOf', () => {
  it.each<[state: RefreshTokenState, what: string, rows: RotationRows]>([
    ['current', 'the first token of a session', rowsOfNew({ id: 'first', parentId: null, issuedAt: now - hour })],
    ['current', 'the current token', rowsOf(current)],
    ['current', 'the current token, right after it moved up', rowsOf(current, { rotatedAt: now })],
    ['pending', 'the first child of a session', rowsOfNew(tokenOf('first'))],
    ['pending', 'a child of the current token after the leeway', rowsOf(tokenOf('current'))],
    ['early', 'a child of the current token at the last moment of it', rowsOf(tokenOf('current'), { rotatedAt: open })],
    ['early', 'a child of the current token at once', rowsOf(tokenOf('current'), { rotatedAt: now })],

    ['grace', 'the previous token at the last moment of the leeway', rowsOf(previous, { rotatedAt: open })],
    ['reused', 'the previous token after it', rowsOf(previous)],
    ['grace', 'a child of the previous token', rowsOf(tokenOf('previous', now - hour), { rotatedAt: open })],
    ['reused', 'a child of the previous token, no twin of the current one', rowsOf(tokenOf('previous', now - hour))],
    ['grace', 'a twin of the previous token', rowsOf(tokenOf('root', previous.issuedAt), { rotatedAt: open })],
    ['reused', 'a twin of the previous token after the leeway', rowsOf(tokenOf('root', previous.issuedAt))],
    [
      'grace',
      'a twin that was issued one leeway before the previous token',
      rowsOf(tokenOf('root', previous.issuedAt - leeway), { rotatedAt: open }),
    ],
    [
      'reused',
      'a sibling that was issued a moment earlier than that',
      rowsOf(tokenOf('root', previous.issuedAt - leeway - 1), { rotatedAt: open }),
    ],

    ['raced', 'a twin of the current token', rowsOf(tokenOf('previous', current.issuedAt))],
    ['raced', 'one issued a leeway before', rowsOf(tokenOf('previous', current.issuedAt - leeway))],
    ['raced', 'one issued a leeway after', rowsOf(tokenOf('previous', current.issuedAt + leeway))],
    [
      'grace',
      'a twin while the branch has given out a child within the leeway',
      rowsOf(tokenOf('previous', current.issuedAt), {}, { childrenOfCurrent: { count: 1, newestAt: now - leeway } }),
    ],
    [
      'raced',
      'a twin once the newest child of the branch is older',
      rowsOf(
        tokenOf('previous', current.issuedAt),
        {},
        { childrenOfCurrent: { count: 1, newestAt: now - leeway - 1 } },
      ),
    ],
    ['reused', 'one issued more than a leeway before', rowsOf(tokenOf('previous', current.issuedAt - leeway - 1))],
    ['reused', 'one issued more than a leeway after', rowsOf(tokenOf('previous', current.issuedAt + leeway + 1))],
    ['grace', 'a twin of the current token within the leeway', rowsOf(tokenOf('previous'), { rotatedAt: now })],
    [
      'reused',
      'a twin of the current token that is no child of the previous one: the session went sideways from it before',
      rowsOf(tokenOf('root', current.issuedAt), {}, { current: { ...current, parentId: 'root' } }),
    ],

    ['reused', 'the first token, long ago', rowsOf({ id: 'root', parentId: null, issuedAt: now - hour })],
    [
      'reused',
      'the first token, within the leeway of a later turn',
      rowsOf({ id: 'root', parentId: null, issuedAt: now - hour }, { rotatedAt: now }),
    ],
    ['reused', 'a descendant of nobody who lives', rowsOf(tokenOf('other'), { rotatedAt: now })],
  ])('%s: %s', (state, _what, rows) => {
    expect(stateOf(rows, now, leeway)).toBe(state);
  });

  it('takes no missing parent for a parent, and none for a twin', () => {
    const orphan = tokenOf(null, current.issuedAt);
    const others = [
      rowsOf(orphan, { previousId: null, rotatedAt: now }, { previous: null }),
      rowsOf(orphan, { rotatedAt: now }, { previous: { ...previous, parentId: null, issuedAt: orphan.issuedAt } }),
      rowsOf(orphan, { previousId: null }, { previous: null, current: { ...current, parentId: null } }),
    ];
    expect(others.map((rows) => stateOf(rows, now, leeway))).toEqual(['reused', 'reused', 'reused']);
  });

  it.each<[what: string, token: Descent, without: RefreshTokenState]>([
    ['the previous token', previous, 'reused'],
    ['a child of the current token', tokenOf('current'), 'pending'],
    ['a twin of the same millisecond', tokenOf('previous', current.issuedAt), 'raced'],
    ['a twin of the next one', tokenOf('previous', current.issuedAt + 1), 'reused'],
  ])('without a leeway: %s', (_what, token, without) => {
    expect(stateOf(rowsOf(token, { rotatedAt: now - 1 }), now, 0)).toBe(without);
  });

  it('is lenient where the clock of the process that turned is ahead', () => {
    const ahead = { rotatedAt: now + 2_000 };
    expect(stateOf(rowsOf(previous, ahead), now, leeway)).toBe('grace');
    expect(stateOf(rowsOf(tokenOf('current'), ahead), now, leeway)).toBe('early');
  });
});

describe('nextStep', () => {
  const child = (parent: string): RotationStep => ({ kind: 'child', parent, promote: false });
  const promotion = (parent: string): RotationStep => ({ kind: 'child', parent, promote: true });
  const raced = tokenOf('previous', current.issuedAt);

  it.each<[state: RefreshTokenState, rows: RotationRows, step: RotationStep]>([
    ['current', rowsOf(current), child('current')],
    ['early', rowsOf(tokenOf('current'), { rotatedAt: open }), child('current')],
    ['pending', rowsOf(tokenOf('current')), promotion('token')],
    ['grace', rowsOf(previous, { rotatedAt: open }), child('current')],
    ['grace', rowsOf(tokenOf('previous'), { rotatedAt: open }), child('current')],
    ['grace', rowsOf(tokenOf('root', previous.issuedAt), { rotatedAt: open }), child('current')],
    ['raced', rowsOf(raced), promotion('token')],
    ['reused', rowsOf(previous), { kind: 'reuse' }],
  ])('of a token that is %s', (state, rows, step) => {
    expect(stateOf(rows, now, leeway)).toBe(state);
    expect(nextStep(rows, now, leeway)).toEqual(step);
  });

  it.each<[what: string, changes: Partial<SessionRow>, isOver: boolean]>([
    ['revoked', { revokedAt: now, revokeReason: 'signout' }, true],
    ['revoked by a clock that is ahead', { revokedAt: now + 1, revokeReason: 'signout' }, true],
    ['revoked in the first millisecond of time', { revokedAt: 0, revokeReason: 'signout' }, true],
    ['idle since a millisecond', { idleExpiresAt: now - 1 }, true],
    ['idle at this very millisecond', { idleExpiresAt: now }, true],
    ['idle in a millisecond', { idleExpiresAt: now + 1 }, false],
    ['at its absolute limit since a millisecond', { absoluteExpiresAt: now - 1 }, true],
    ['at its absolute limit at this very millisecond', { absoluteExpiresAt: now }, true],
    ['at its absolute limit in a millisecond', { absoluteExpiresAt: now + 1 }, false],
  ])('of a session that is %s', (_what, changes, isOver) => {
    expect(isLive({ ...session, ...changes }, now)).toBe(!isOver);
    expect(nextStep(rowsOf(current, changes), now, leeway).kind).toBe(isOver ? 'ended' : 'child');
    // nothing is told of a reuse once the session is over
    expect(nextStep(rowsOf(previous, changes), now, leeway).kind).toBe(isOver ? 'ended' : 'reuse');
  });

  describe('with many children that nobody used', () => {
    const minute = 60_000;
    const waiting = (milliseconds: number): RotationStep => ({ kind: 'wait', milliseconds });

    it.each<[what: string, children: Children, step: RotationStep]>([
      ['49 children, the newest of now', { count: 49, newestAt: now }, child('current')],
      ['50 children, the newest of now', { count: 50, newestAt: now }, waiting(minute)],
      ['50 children, the newest almost a minute old', { count: 50, newestAt: now - minute + 1 }, waiting(1)],
      ['50 children, the newest a minute old', { count: 50, newestAt: now - minute }, child('current')],
      ['51 children, the newest of now', { count: 51, newestAt: now }, waiting(minute)],
      ['1,000 children, the newest a minute old', { count: 1_000, newestAt: now - minute }, child('current')],
    ])('%s', (_what, children, step) => {
      const many = { childrenOfToken: children, childrenOfCurrent: children };
      expect(nextStep(rowsOf(current, {}, many), now, leeway)).toEqual(step);
      expect(nextStep(rowsOf(previous, {}, many), now, leeway)).toEqual({ kind: 'reuse' });
    });

    it.each<[state: RefreshTokenState, rows: RotationRows, counted: 'childrenOfToken' | 'childrenOfCurrent']>([
      ['current', rowsOf(current), 'childrenOfToken'],
      ['pending', rowsOf(tokenOf('current')), 'childrenOfToken'],
      ['raced', rowsOf(raced), 'childrenOfToken'],
      ['early', rowsOf(tokenOf('current'), { rotatedAt: open }), 'childrenOfCurrent'],
      ['grace', rowsOf(previous, { rotatedAt: open }), 'childrenOfCurrent'],
    ])('a token that is %s counts those of its next parent alone', (state, rows, counted) => {
      expect(stateOf(rows, now, leeway)).toBe(state);
      const many: Children = { count: 50, newestAt: now };
      const other = counted === 'childrenOfToken' ? 'childrenOfCurrent' : 'childrenOfToken';
      expect(nextStep({ ...rows, [counted]: many }, now, leeway)).toEqual(waiting(minute));
      const old = { ...many, newestAt: now - leeway - 1 };
      expect(nextStep({ ...rows, [other]: old }, now, leeway).kind).toBe('child');
    });
  });
});
