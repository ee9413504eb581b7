import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Random } from '../../../../test/fuzz/random.js';
import {
  absoluteLifetime,
  accessLifetime,
  claimsOf,
  idleLifetime,
  leeway,
  openSessions,
  start,
  use,
  wait,
  type Opened,
} from '../../../../test/sessions/session.fixture.js';
import { AuthError } from '../auth.errors.js';
import type { RevocableToken } from '../stores/revocation-mirror.js';
import type { SessionRow, SessionStore } from '../stores/session.store.js';
import { TestClock } from '../testing/test-clock.js';
import type { IssueHooks } from './issue-hooks.js';
import { Session } from './session.js';
import type { IssuedSession } from './session-tokens.js';

/** Rn is the n-th refresh token of a session, An its access token, and L the leeway. */
const overLeeway = leeway + 1;
const refused = (code: string) => ({ name: 'AuthError', code });
const uuidOfNobody = '00000000-0000-4000-8000-000000000000';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

beforeAll(() => Logger.overrideLogger(false));

/** A session of ada, and what a test does with its tokens. */
async function signIn(opened: Opened = openSessions()) {
  const { sessions, clock, store, events } = opened;
  const first = await sessions.create('ada');
  return {
    ...opened,
    first,
    id: first.session.id,
    refresh: (issued: IssuedSession) => sessions.refresh(issued.refreshToken),
    useOf: (issued: IssuedSession) => use(sessions, issued),
    later: (milliseconds = overLeeway) => wait(clock, milliseconds),
    row: async () => (await store.find(first.session.id)) as SessionRow,
    named: (name: string) => events.filter((event) => event.name === name),
  };
}

/** R0 → R1, and A1 is used: R1 is current, R0 the one before. */
async function signInAndTurn(opened?: Opened) {
  const given = await signIn(opened);
  const next = await given.refresh(given.first);
  await given.useOf(next);
  return { ...given, next };
}

async function codeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'ok',
    (error: unknown) => (error instanceof AuthError ? error.code : `no AuthError but ${inspect(error)}`),
  );
}

/** As the guard asks whether it is revoked. */
function accessOf(issued: Pick<IssuedSession, 'accessToken'>): RevocableToken {
  const { jti, sid, sub, iat } = claimsOf(issued);
  return { jti, sid, sub: sub!, iat };
}

const times = <T>(count: number, call: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));

describe('SessionService: a new session', () => {
  it('is what it was asked to be, and cannot be changed', async () => {
    const { sessions, store } = openSessions();
    const issued = await sessions.create('ada', { data: { device: 'phone' }, tenant: 'acme', scope: 'read' });
    expect(issued).toEqual({
      session: expect.any(Session),
      subject: 'ada',
      accessToken: expect.any(String),
      refreshToken: expect.stringMatching(/^[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/),
      antiCsrf: undefined,
      scope: 'read',
      claims: expect.objectContaining({ sub: 'ada', sid: issued.session.id, scope: 'read' }),
      issuedAt: start,
      refreshExpiresAt: start + idleLifetime,
    });
    expect({ ...issued.session }).toEqual({
      ...{ id: expect.stringMatching(uuid), subject: 'ada', tenant: 'acme', data: { device: 'phone' } },
      ...{ claims: {}, device: null, network: null },
      createdAt: new Date(start),
      lastUsedAt: new Date(start),
      idleExpiresAt: new Date(start + idleLifetime),
      absoluteExpiresAt: new Date(start + absoluteLifetime),
    });
    expect(() => Object.assign(issued.session.data, { device: 'other' })).toThrow(TypeError);
    // what a handler answers with, `data` is not part of
    expect(JSON.parse(JSON.stringify(issued.session))).toEqual({
      ...{ id: issued.session.id, subject: 'ada', tenant: 'acme', createdAt: new Date(start).toISOString() },
      ...{ device: null, network: null, lastUsedAt: new Date(start).toISOString() },
      idleExpiresAt: expect.any(String),
      absoluteExpiresAt: expect.any(String),
    });
    expect(await store.find(issued.session.id)).toMatchObject({ previousId: null, rotatedAt: 0, revokedAt: null });
  });

  it('has an access token that names it, its first refresh token, and no parent', async () => {
    const { first, id, row } = await signIn();
    const claims = claimsOf(first);
    expect(claims).toMatchObject({ sub: 'ada', sid: id, auth_time: start / 1000, type: 'access' });
    expect(claims).toMatchObject({ exp: (start + accessLifetime) / 1000, rti: (await row()).currentId });
    expect(claims['rtp']).toBeUndefined();
  });

  it('SF-01 has an id of its own each time, whatever came before', async () => {
    const { sessions } = openSessions();
    const forged = { id: 'known', sid: 'known', sessionId: 'known' } as object;
    const issued = await times(100, () => sessions.create('ada', forged));
    expect(new Set(issued.map(({ session }) => session.id)).size).toBe(100);
    expect(issued.map(({ session }) => session.id)).not.toContain('known');
  });

  it('SF-07 has a secret of 256 bits that never comes twice, in the first token and in the next', async () => {
    const { sessions } = openSessions();
    const issued = await times(200, (index) => sessions.create(`user ${index}`));
    const next = await times(200, (index) => sessions.refresh(issued[index]!.refreshToken));
    const secrets = [...issued, ...next].map(({ refreshToken }) => refreshToken.split('.')[1]!);
    expect(new Set(secrets).size).toBe(400);
    expect(secrets.every((secret) => Buffer.from(secret, 'base64url').length === 32)).toBe(true);
  });

  it('ST-02 gives the store the SHA-256 of the secret, and the text to nobody but the client', async () => {
    const { sessions, seam, events } = openSessions();
    const written: string[] = [];
    seam.between = async ({ args }, proceed) => {
      const answer = await proceed();
      written.push(JSON.stringify([args, answer]));
      return answer;
    };
    const first = await sessions.create('ada');
    const next = await sessions.refresh(first.refreshToken);
    await use(sessions, next);

    const dump = `${written.join('\n')}${JSON.stringify(events)}`;
    for (const { refreshToken, session } of [first, next]) {
      const secret = refreshToken.split('.')[1]!;
      expect(dump).not.toContain(secret);
      expect(dump).toContain(createHash('sha256').update(secret).digest('base64url'));
      expect(inspect(session, { depth: 9, showHidden: true })).not.toContain(secret);
    }
  });

  it.each<[what: string, user: unknown, options: object]>([
    ['no subject', undefined, {}],
    ['an empty subject', '', {}],
    ['a subject that is no text', { id: 1 }, {}],
    ['an empty tenant', 'ada', { tenant: '' }],
    ['a tenant that is no text', 'ada', { tenant: { id: 1 } }],
    ['data that JSON would change', 'ada', { data: { at: new Date() } }],
    ['data that JSON would drop', 'ada', { data: { call: () => 1 } }],
    ['a claim that JSON would change', 'ada', { claims: { at: new Date() } }],
  ])('refuses %s, and writes nothing', async (_what, user, options) => {
    const { sessions, statements } = openSessions();
    await expect(sessions.create(user, options)).rejects.toMatchObject(refused('invalid_argument'));
    expect(statements).toEqual([]);
  });

  it('refuses a reserved claim, and writes nothing', async () => {
    const { sessions, statements } = openSessions();
    await expect(sessions.create('ada', { claims: { sid: 'other' } })).rejects.toMatchObject(refused('reserved_claim'));
    expect(statements).toEqual([]);
  });

  it('is found by its id and in the list of its subject until it ends, the newest first', async () => {
    const { sessions, clock } = openSessions();
    const ids: string[] = [];
    for (const subject of ['ada', 'ada', 'eve', 'ada']) {
      ids.push((await sessions.create(subject)).session.id);
      wait(clock, 1);
    }
    expect((await sessions.list({ subject: 'ada' })).map(({ id }) => id)).toEqual([ids[3], ids[1], ids[0]]);
    expect(await sessions.get(ids[0]!)).toMatchObject({ id: ids[0], subject: 'ada' });
    await sessions.revoke(ids[0]!);
    expect(await sessions.get(ids[0]!)).toBeUndefined();
    expect(await sessions.get('unknown')).toBeUndefined();
    expect((await sessions.list({ subject: 'ada' })).map(({ id }) => id)).toEqual([ids[3], ids[1]]);
    wait(clock, idleLifetime);
    expect(await sessions.get(ids[1]!)).toBeUndefined();
    expect(await sessions.list({ subject: 'ada' })).toEqual([]);
  });
});

describe('SessionService: devices', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (X11; Linux x86_64)'],
    ['  curl/8\n\u001b[2Jevil\u0085 ', 'curl/8 [2Jevil'],
    ['🔑'.repeat(300), '🔑'.repeat(200)],
    ['\u0000', null],
    ['', null],
    [null, null],
  ])('keeps one line of what a client calls itself: %j', async (device, kept) => {
    const { sessions, store } = openSessions();
    const { session } = await sessions.create('ada', { device });
    expect([session.device, (await store.find(session.id))!.device]).toEqual([kept, kept]);
  });

  it('keeps the network a client came from, not its address', async () => {
    const { sessions, store } = openSessions();
    const { session } = await sessions.create('ada', { address: '203.0.113.77' });
    expect(session.network).toBe('203.0.113.0/24');
    expect(JSON.stringify(await store.find(session.id))).not.toContain('203.0.113.77');
  });

  it.each<[what: string, options: object]>([
    ['an address that is none', { address: 'localhost' }],
    ['an address that is no text', { address: 1 }],
    ['a device that is no text', { device: { name: 'phone' } }],
  ])('refuses %s, and begins no session', async (_what, options) => {
    const { sessions } = openSessions();
    expect(await codeOf(sessions.create('ada', options))).toBe('invalid_argument');
    expect(await sessions.list({ subject: 'ada' })).toEqual([]);
  });

  it('was used last when its last refresh was first used', async () => {
    const { sessions, clock, first, id, refresh } = await signIn();
    wait(clock, overLeeway);
    const next = await refresh(first);
    expect((await sessions.get(id))!.lastUsedAt).toEqual(new Date(start));
    await use(sessions, next);
    expect((await sessions.get(id))!.lastUsedAt).toEqual(new Date(start + overLeeway));
  });

  it('ends the session that was not used for the longest time when a log-in exceeds the limit', async () => {
    const { sessions, clock, store, revocations } = openSessions({ maxPerSubject: 3 });
    const issued: IssuedSession[] = [];
    for (const subject of ['eve', 'ada', 'ada', 'ada']) {
      issued.push(await sessions.create(subject));
      wait(clock, overLeeway);
    }
    // the oldest of ada is in use
    await use(sessions, await sessions.refresh(issued[1]!.refreshToken));
    const fourth = await sessions.create('ada');
    const [eves, used, unused, late] = issued.map(({ session }) => session.id);
    expect((await sessions.list({ subject: 'ada' })).map(({ id }) => id)).toEqual([fourth.session.id, late, used]);
    expect(await store.find(unused!)).toMatchObject({ revokedAt: clock.now(), revokeReason: 'limit' });
    expect(revocations.isRevoked(accessOf(issued[2]!))).toBe(true);
    expect(await codeOf(sessions.refresh(issued[2]!.refreshToken))).toBe('token_revoked');
    expect(await sessions.get(eves!)).toBeDefined();
  });

  it('ends no log-in for another at the same moment, and has at most one too many until the next', async () => {
    const { sessions, clock } = openSessions({ maxPerSubject: 1 });
    await sessions.create('ada');
    await times(20, () => sessions.create('ada'));
    const left = await sessions.list({ subject: 'ada' });
    expect([1, 2]).toContain(left.length);
    wait(clock, 1);
    const { session } = await sessions.create('ada');
    expect((await sessions.list({ subject: 'ada' })).map(({ id }) => id)).toEqual([session.id]);
  });

  it('ends not the session that has just begun, also beside one of a faster clock', async () => {
    const { sessions, clock } = openSessions({ maxPerSubject: 1 });
    wait(clock, 2_000);
    const ahead = await sessions.create('ada');
    wait(clock, -2_000);
    const { session } = await sessions.create('ada');
    const left = (await sessions.list({ subject: 'ada' })).map(({ id }) => id);
    expect(left.toSorted()).toEqual([ahead.session.id, session.id].toSorted());
  });
});

describe('SessionService: a refresh', () => {
  it('S12 gives a new refresh token and a new access token of the same session', async () => {
    const { first, id, refresh, row, events } = await signIn();
    const next = await refresh(first);
    const [before, claims] = [claimsOf(first), claimsOf(next)];
    expect(next.session.id).toBe(id);
    expect(next.refreshToken).not.toBe(first.refreshToken);
    expect(claims).toMatchObject({ sub: 'ada', sid: id, rtp: before['rti'], auth_time: before['auth_time'] });
    expect(claims.jti).not.toBe(before.jti);
    expect(claims['rti']).not.toBe(before['rti']);
    // nothing moves before the child is used
    expect(await row()).toMatchObject({ currentId: before['rti'], previousId: null, rotatedAt: 0 });
    expect(events).toEqual([]);
  });

  it('grants the same again: scope, claims and audience, not more', async () => {
    const { sessions } = openSessions();
    const grant = { scope: ['read', 'write'], claims: { plan: 'pro' }, audience: 'reports' };
    const first = await sessions.create('ada', grant);
    const next = await sessions.refresh(first.refreshToken);
    expect(next.scope).toEqual(grant.scope);
    const expected = { scope: claimsOf(first)['scope'], plan: 'pro', aud: 'reports' };
    expect(claimsOf(next)).toMatchObject(expected);
  });

  it('S14 refuses a token that no session knows, and tells nothing of a reuse', async () => {
    const { first, sessions, events, row } = await signIn();
    const other = await sessions.create('eve');
    const [id] = first.refreshToken.split('.');
    const [otherId, otherSecret] = other.refreshToken.split('.');
    for (const text of [`${id}.${otherSecret}`, `${otherId}.${'A'.repeat(43)}`, `${uuidOfNobody}.${otherSecret}`])
      await expect(sessions.refresh(text)).rejects.toMatchObject(refused('token_invalid'));
    expect(events).toEqual([]);
    expect((await row()).revokedAt).toBeNull();
  });

  it('S15 RR-04 answers R0 again while no child was used', async () => {
    const { first, refresh } = await signIn();
    const [one, two] = [await refresh(first), await refresh(first)];
    expect(one.refreshToken).not.toBe(two.refreshToken);
    expect(claimsOf(one)['rtp']).toBe(claimsOf(two)['rtp']);
  });

  it('S16 RR-04 answers R0 again after the leeway when the answer was lost', async () => {
    const { first, refresh, later, useOf, events } = await signIn();
    await refresh(first);
    later();
    const again = await refresh(first);
    expect(await useOf(again)).toBe(Infinity);
    await expect(refresh(again)).resolves.toBeDefined();
    expect(events).toEqual([]);
  });

  it('S17 RR-01 answers 20 parallel refreshes of R0, of which one branch lives once it is used', async () => {
    const { first, refresh, useOf, later, row, named } = await signIn();
    const children = await times(20, () => refresh(first));
    expect(new Set(children.map(({ refreshToken }) => refreshToken)).size).toBe(20);

    await Promise.all(children.map(useOf));
    const ids = children.map((child) => claimsOf(child)['rti']);
    const { currentId, previousId } = await row();
    expect(ids).toContain(currentId);
    expect(previousId).toBe(claimsOf(first)['rti']);

    // whoever holds another one goes on with the branch that lives
    const winner = ids.indexOf(currentId);
    const loser = children[(winner + 1) % 20]!;
    expect(claimsOf(await refresh(loser))['rtp']).toBe(currentId);
    expect(named('session.reused')).toEqual([]);

    // and once the branch has grown, the others are over
    const next = await refresh(children[winner]!);
    later();
    await useOf(next);
    later();
    expect(await codeOf(refresh(loser))).toBe('token_reused');
  });

  it('S18 answers R0 within the leeway of the use of A1, on the branch of R1', async () => {
    const { first, next, refresh, later, row } = await signInAndTurn();
    later(leeway);
    const again = await refresh(first);
    expect(claimsOf(again)['rtp']).toBe(claimsOf(next)['rti']);
    expect((await row()).currentId).toBe(claimsOf(next)['rti']);
  });

  it('S19 RR-02 ends the session when R0 comes back after the leeway, and says so once', async () => {
    const { first, next, refresh, later, row, events, id, clock, revocations } = await signInAndTurn();
    later();
    await expect(refresh(first)).rejects.toMatchObject({ ...refused('token_reused'), statusCode: 401 });
    expect(await row()).toMatchObject({ revokedAt: clock.now(), revokeReason: 'reuse' });
    expect(events).toEqual([
      { name: 'revoked', payload: { kind: 'sid', id, at: clock.now() } },
      { name: 'session.reused', payload: { subject: 'ada', sid: id, at: clock.now() } },
    ]);
    expect(revocations.isRevoked(accessOf(next))).toBe(true);

    // the holder of the branch cannot be told from the thief
    expect(await codeOf(refresh(next))).toBe('token_revoked');
    expect(await codeOf(refresh(first))).toBe('token_revoked');
    expect(events).toHaveLength(2);
  });

  it('S20 ends the session at once when a token comes back from two turns ago', async () => {
    const { first, next, refresh, useOf, later } = await signInAndTurn();
    later();
    const last = await refresh(next);
    await useOf(last);
    expect(await codeOf(refresh(first))).toBe('token_reused');
    expect(await codeOf(refresh(last))).toBe('token_revoked');
  });

  it('S21 answers a sibling of the same moment when the cookie jar kept that one', async () => {
    const { first, refresh, useOf, later, row } = await signIn();
    const one = await refresh(first);
    later(leeway);
    const other = await refresh(first);
    await useOf(one);
    later();
    const next = await refresh(other);
    expect(await row()).toMatchObject({ currentId: claimsOf(other)['rti'], previousId: claimsOf(one)['rti'] });
    expect(claimsOf(next)['rtp']).toBe(claimsOf(other)['rti']);

    later(leeway);
    expect(claimsOf(await refresh(one))['rtp']).toBe(claimsOf(other)['rti']);
    later(1);
    expect(await codeOf(refresh(one))).toBe('token_reused');
  });

  it('S22 ends the session by a sibling that was issued more than a leeway apart', async () => {
    const { first, refresh, useOf, later } = await signIn();
    const one = await refresh(first);
    later();
    const other = await refresh(first);
    await useOf(one);
    later();
    expect(await codeOf(refresh(other))).toBe('token_reused');
    expect(await codeOf(refresh(one))).toBe('token_revoked');
  });

  it('S23 RR-03 finds a thief who went on with a stolen token', async () => {
    const { next, refresh, useOf, later } = await signInAndTurn();
    later();
    const stolen = await refresh(next);
    await useOf(stolen);
    later();
    expect(await codeOf(refresh(next))).toBe('token_reused');
    expect(await codeOf(refresh(stolen))).toBe('token_revoked');
  });

  it.each(['right after the leeway', 'in the same moment'])(
    'S24 tells of a reuse once for 20 parallel replays, %s',
    async (moment) => {
      const { first, next, refresh, useOf, later, named, seam } = await signInAndTurn();
      later();
      await useOf(await refresh(next));
      const changes: unknown[] = [];
      const waiting: (() => void)[] = [];
      seam.between = async ({ name }, proceed) => {
        const answer = await proceed();
        if (name === 'revoke') changes.push(answer);
        if (name !== 'rotationRows' || moment !== 'in the same moment') return answer;
        // all twenty have read before the first of them writes
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length === 20) for (const goOn of waiting) goOn();
        });
        return answer;
      };
      const codes = await times(20, () => codeOf(refresh(first)));
      expect(codes[0]).toBe('token_reused');
      expect(codes.every((code) => code === 'token_reused' || code === 'token_revoked')).toBe(true);
      expect(changes.filter(Boolean)).toHaveLength(1);
      expect(named('session.reused')).toHaveLength(1);
      expect(named('revoked')).toHaveLength(1);
    },
  );

  it('S25 answers R0 after the process died between the new row and its answer', async () => {
    const { first, store, seam, refresh } = await signIn();
    seam.between = async ({ name }, proceed) => {
      if (name === 'find') throw new Error('the process is gone');
      return proceed();
    };
    expect(await codeOf(refresh(first))).toBe('store_unavailable');
    const restarted = openSessions({ store });
    wait(restarted.clock, overLeeway);
    await expect(restarted.sessions.refresh(first.refreshToken)).resolves.toBeDefined();
    expect(restarted.events).toEqual([]);
  });
});

describe('SessionService: what earlier rules got wrong', () => {
  it('T1 two tabs get R1 and R2, A1 is sent, the jar holds R2: after the leeway R2 is answered', async () => {
    const { first, refresh, useOf, later, row } = await signIn();
    const [one, two] = [await refresh(first), await refresh(first)];
    await useOf(one);
    expect((await row()).currentId).toBe(claimsOf(one)['rti']);
    later();
    await expect(refresh(two)).resolves.toBeDefined();
  });

  it('T2 R1 is refreshed to R3, then A2 comes late: R3 is answered', async () => {
    const { first, refresh, useOf, later } = await signIn();
    const [one, two] = [await refresh(first), await refresh(first)];
    const three = await refresh(one);
    expect(await useOf(two)).toBe(Infinity);
    await expect(refresh(three)).resolves.toBeDefined();
    later();
    await expect(refresh(three)).resolves.toBeDefined();
  });

  it.each(['rotationRows', 'addToken', 'find'] as const)(
    'T3 R0 is on its way while another tab turns twice: R0 is answered (held before %s)',
    async (held) => {
      const { first, refresh, useOf, seam, row, named } = await signIn();
      let begin = () => {};
      let isHeld = false;
      const gate = new Promise<void>((resolve) => (begin = resolve));
      seam.between = async ({ name }, proceed) => {
        if (name === held && !isHeld) {
          isHeld = true;
          await gate;
        }
        return proceed();
      };
      const late = refresh(first);
      await new Promise(setImmediate);
      expect(isHeld).toBe(true);
      const one = await refresh(first);
      const two = await refresh(one);
      await useOf(two);
      begin();
      expect(claimsOf(await late)['rtp']).toBe((await row()).currentId);
      expect(named('session.reused')).toEqual([]);
    },
  );

  it.each(['addToken', 'find'] as const)(
    'T4 RR-07 a sign-out between the read and the write wins (before %s)',
    async (name) => {
      const { first, id, refresh, sessions, seam, named } = await signIn();
      let isSignedOut = false;
      seam.between = async (statement, proceed) => {
        const isNow = statement.name === name && !isSignedOut;
        isSignedOut ||= isNow;
        if (isNow) await sessions.revoke(id, 'signout');
        return proceed();
      };
      expect(await codeOf(refresh(first))).toBe('token_revoked');
      expect(await codeOf(refresh(first))).toBe('token_revoked');
      expect(named('session.reused')).toEqual([]);
    },
  );

  it('T5 an access token within the clock tolerance does not wake a session that was idle for too long', async () => {
    const { first, refresh, useOf, later, row } = await signIn();
    const next = await refresh(first);
    later(idleLifetime);
    await useOf(next);
    expect(await row()).toMatchObject({ currentId: claimsOf(first)['rti'], idleExpiresAt: start + idleLifetime });
    expect(await codeOf(refresh(next))).toBe('token_expired');
  });

  it('T7 an early R2 is refreshed while A2 moves up, by clocks that differ: what the jar holds then is answered', async () => {
    const { first, refresh, useOf, later, store, clock } = await signIn();
    const skew = 1_000;
    const behind = openSessions({ store }, {}, new TestClock());
    const refreshBehind = ({ refreshToken }: IssuedSession) => {
      behind.clock.set(clock.now() - skew);
      return behind.sessions.refresh(refreshToken);
    };
    const one = await refresh(first);
    later();
    await refresh(one); // R1 is current from now on
    const two = await refreshBehind(one); // issued before that, by the clock of its process
    later(leeway + skew);
    const three = await refreshBehind(two); // early there: another child of R1
    await useOf(two); // not early here: R2 is current
    later();
    await expect(refresh(three)).resolves.toBeDefined();
  });

  it('T8 R2 is refreshed around the end of the leeway of R1, its sibling: whichever answer the jar keeps is answered', async () => {
    const { first, refresh, useOf, later } = await signIn();
    const [one, two] = [await refresh(first), await refresh(first)];
    await useOf(one);
    later(leeway);
    const three = await refresh(two); // still open: a child of R1
    later(1_000);
    const four = await refresh(two); // no more: R2 would move the branch, and R3 be of the one overtaken
    later();
    for (const kept of [three, four]) await expect(refresh(kept)).resolves.toBeDefined();
  });

  it('T6 a clean-up deletes no row of a live session: a reuse is still seen', async () => {
    const { first, next, refresh, later, store, clock } = await signInAndTurn();
    later(idleLifetime - 1);
    expect(await store.prune(clock.now(), 100)).toBe(0);
    expect(await codeOf(refresh(first))).toBe('token_reused');
    expect(await store.prune(clock.now(), 100)).toBe(0);
    expect(await store.prune(clock.now() + 1, 100)).toBe(1);
    expect(await codeOf(refresh(next))).toBe('token_invalid');
  });
});

describe('SessionService: the limits of a session', () => {
  let clockOfHook: TestClock;

  it('SF-04 refuses an idle session at the very millisecond', async () => {
    const { first, refresh, later, events } = await signIn();
    later(idleLifetime - 1);
    await expect(refresh(first)).resolves.toBeDefined();
    later(1);
    expect(await codeOf(refresh(first))).toBe('token_expired');
    expect(events).toEqual([]);
  });

  it('moves the idle limit when a child is used, and not before', async () => {
    const { first, refresh, useOf, later, row, clock } = await signIn();
    later(1_000);
    const next = await refresh(first);
    expect((await row()).idleExpiresAt).toBe(start + idleLifetime);
    // the cookie may outlive it: the child is used while it lives
    expect(next.refreshExpiresAt).toBe(clock.now() + idleLifetime);
    later(1_000);
    await useOf(next);
    expect((await row()).idleExpiresAt).toBe(start + 2_000 + idleLifetime);
  });

  it('SF-03 ends at the absolute limit however much it is used, and no token is told to live longer', async () => {
    const { first, refresh, later, clock } = await signIn();
    const end = start + absoluteLifetime;
    let issued = first;
    for (const step = idleLifetime - 1; clock.now() + step < end; later(step)) issued = await refresh(issued);
    later(end - 1_500 - clock.now());
    issued = await refresh(issued);
    expect(issued.refreshExpiresAt).toBe(end);
    expect(issued.session.idleExpiresAt.getTime()).toBe(end);
    expect(claimsOf(issued).exp! * 1000).toBeLessThanOrEqual(end);
    later(end - 1 - clock.now());
    // a token of less than a second would be none
    expect(await codeOf(refresh(issued))).toBe('token_expired');
    later(1);
    expect(await codeOf(refresh(issued))).toBe('token_expired');
  });

  it.each<[what: string, slow: (opened: Opened) => void, hooks: IssueHooks]>([
    ['store', ({ seam, clock }) => (seam.between = (_, proceed) => (wait(clock, 1_500), proceed())), {}],
    ['hook', () => {}, { claims: () => (wait(clockOfHook, 1_500), {}) }],
  ])('SF-03 issues no access token beyond the absolute limit, however slow the %s is', async (_what, slow, hooks) => {
    clockOfHook = new TestClock(start);
    const opened = openSessions({ absoluteLifetime: accessLifetime + 60_500 }, hooks, clockOfHook);
    const { first, refresh, later } = await signIn(opened);
    slow(opened);
    for (let seconds = 0; seconds < 30; seconds += 1) {
      const { session, accessToken } = await refresh(first);
      expect(claimsOf({ accessToken }).exp! * 1000).toBeLessThanOrEqual(session.absoluteExpiresAt.getTime());
      later(1_000);
    }
  });

  it.each<[what: string, lifetimes: object, expected: number]>([
    ['its own limit', {}, start + idleLifetime],
    ['the absolute limit where that comes first', { absoluteLifetime: 3_600_000 }, start + 3_600_000],
  ])('begins with %s', async (_what, lifetimes, expected) => {
    const { first } = await signIn(openSessions(lifetimes));
    expect(first.session.idleExpiresAt.getTime()).toBe(expected);
    expect(first.refreshExpiresAt).toBe(expected);
  });

  it('asks to wait when a token has 50 children that nobody used, one more a minute', async () => {
    const { first, refresh, later, events } = await signIn();
    for (let child = 0; child < 50; child++) await refresh(first);
    await expect(refresh(first)).rejects.toMatchObject({
      ...{ ...refused('too_many_refreshes'), statusCode: 429, retryAfter: 60 },
    });
    later(59_001);
    await expect(refresh(first)).rejects.toMatchObject({ code: 'too_many_refreshes', retryAfter: 1 });
    later(999);
    const next = await refresh(first);
    expect(await codeOf(refresh(first))).toBe('too_many_refreshes');
    await expect(refresh(next)).resolves.toBeDefined();
    expect(events).toEqual([]);
  });
});

describe('SessionService: a change of claims', () => {
  it('counts for the refresh that is under way', async () => {
    let meanwhile = async (): Promise<unknown> => ({});
    const { sessions } = openSessions({}, { sessionGrant: async () => (await meanwhile()) as object });
    const { session, refreshToken } = await sessions.create('ada', { claims: { elevated: true, city: 'Ærø' } });
    meanwhile = async () => {
      await sessions.mergeClaims(session.id, { elevated: null, theme: 'dark' });
      return {};
    };
    const claims = claimsOf(await sessions.refresh(refreshToken));
    expect(claims).toMatchObject({ city: 'Ærø', theme: 'dark' });
    expect(claims).not.toHaveProperty('elevated');
  });

  it('RV-01 gives a token that dies with what revokes the one before, and no other', async () => {
    const { sessions, first, id, clock, revocations } = await signIn();
    wait(clock, 5_000);
    const { rti, ...claims } = claimsOf(first);
    const session = { id, refreshId: rti as string, parentId: undefined, tenant: null };
    const newer = await sessions.reissue({ subject: 'ada', claims, session }, { theme: 'dark' });
    expect(claimsOf(newer)).toMatchObject({ theme: 'dark', sid: id, iat: start / 1000 + 5, orig_iat: start / 1000 });
    expect(revocations.isRevoked(accessOf(newer))).toBe(false);
    await revocations.revoke('jti', claimsOf(first).jti!, clock.now() + accessLifetime);
    expect(revocations.isRevoked(accessOf(newer))).toBe(true);
  });
});

describe('SessionService: sign-out and revocation', () => {
  it('S27 refuses every token of the session, and counts once', async () => {
    const { first, next, id, sessions, refresh, events, clock, row } = await signInAndTurn();
    expect(await sessions.revoke(id, 'signout')).toBe(true);
    expect(await sessions.revoke(id, 'revoked')).toBe(false);
    expect(await row()).toMatchObject({ revokedAt: clock.now(), revokeReason: 'signout' });
    expect([await codeOf(refresh(first)), await codeOf(refresh(next))]).toEqual(['token_revoked', 'token_revoked']);
    expect(events).toEqual([{ name: 'revoked', payload: { kind: 'sid', id, at: clock.now() } }]);
  });

  it('heeds the end of a session for its access tokens at once', async () => {
    const { first, id, sessions, revocations } = await signIn();
    expect(revocations.isRevoked(accessOf(first))).toBe(false);
    await sessions.revoke(id);
    expect(revocations.isRevoked(accessOf(first))).toBe(true);
  });

  it('RV-06 refuses its access tokens for as long as any token of ours is believed', async () => {
    const { first, id, sessions, revocations, later } = await signIn();
    await sessions.revoke(id);
    // a route with allowExpired, or a process that knew a longer lifetime, believes it so long
    later(30 * 86_400_000);
    revocations['mirror'].prune(start + 30 * 86_400_000);
    expect(revocations.isRevoked(accessOf(first))).toBe(true);
  });

  it('RR-02 RV-02 ends a session of which an outage left a half: the reuse is told by the next try', async () => {
    const { first, next, refresh, later, revocations, named, seam } = await signInAndTurn();
    later();
    seam.between = async ({ name }, proceed) => {
      if (name === 'revoke') throw new Error('gone');
      return proceed();
    };
    expect(await codeOf(refresh(first))).toBe('store_unavailable');
    expect(revocations.isRevoked(accessOf(next))).toBe(true);
    expect(named('session.reused')).toEqual([]);
    seam.between = (_statement, proceed) => proceed();
    expect(await codeOf(refresh(first))).toBe('token_reused');
    expect(named('session.reused')).toHaveLength(1);
  });

  it('RV-02 denies the access tokens of all sessions before it ends the first', async () => {
    const { first, sessions, revocations, seam } = await signIn();
    seam.between = async ({ name }, proceed) => {
      if (name === 'revokeSelected') throw new Error('gone');
      return proceed();
    };
    expect(await codeOf(sessions.revokeSelected({ subject: 'ada' }))).toBe('store_unavailable');
    expect(revocations.isRevoked(accessOf(first))).toBe(true);
    seam.between = (_statement, proceed) => proceed();
    expect(await sessions.revokeSelected({ subject: 'ada' })).toEqual([first.session.id]);
  });

  it('RV-09 begins no session while all tokens of the subject are revoked', async () => {
    const { sessions, revocations, store, seam, clock } = openSessions();
    seam.between = async ({ name }, proceed) => {
      if (name === 'create') await revocations.revoke('sub', 'ada', start + 1e9, Math.floor(clock.now() / 1000));
      return proceed();
    };
    expect(await codeOf(sessions.create('ada'))).toBe('token_revoked');
    expect(await store.list({ subject: 'ada' }, clock.now())).toEqual([]);
  });

  it('answers false for a session that is not there', async () => {
    const { sessions, events } = openSessions();
    expect(await sessions.revoke(uuidOfNobody)).toBe(false);
    expect(events).toEqual([]);
  });

  it('S29 RR-07 wins over refreshes that run meanwhile: 50 rounds in another order each', async () => {
    const random = new Random(29);
    for (let round = 0; round < 50; round++) {
      const { first, next, id, sessions, refresh, useOf, seam, named } = await signInAndTurn();
      // each statement is delayed by some turns of the event loop
      seam.between = async (_statement, proceed) => {
        for (let turns = random.below(4); turns > 0; turns--) await new Promise(setImmediate);
        return proceed();
      };
      const issued: IssuedSession[] = [first, next];
      const racing = Array.from({ length: 8 }, async (_, index) => {
        const child = await refresh(index % 2 === 0 ? next : first);
        issued.push(child);
        await useOf(child);
      });
      await Promise.allSettled([...racing, sessions.revoke(id, 'signout')]);
      const codes = await Promise.all(issued.map((each) => codeOf(refresh(each))));
      expect({ round, codes: new Set(codes) }).toEqual({ round, codes: new Set(['token_revoked']) });
      expect(named('session.reused')).toEqual([]);
    }
  });

  it.each<[what: string, selection: object, ended: string[]]>([
    ['all of a subject', { subject: 'ada' }, ['ada-1', 'ada-2', 'ada-acme']],
    ['those of one tenant', { subject: 'ada', tenant: 'acme' }, ['ada-acme']],
    ['all but one', { subject: 'ada', except: 'ada-1' }, ['ada-2', 'ada-acme']],
    ['all but one of another subject', { subject: 'ada', except: 'eve-1' }, ['ada-1', 'ada-2', 'ada-acme']],
    ['those of a tenant but one', { subject: 'ada', tenant: 'acme', except: 'ada-acme' }, []],
    ['those of an unknown tenant', { subject: 'ada', tenant: 'other' }, []],
    ['those of an unknown subject', { subject: 'bob' }, []],
  ])('S31 ends %s', async (_what, { except, ...selection }: { except?: string; subject?: string }, ended) => {
    const { sessions, events, clock } = openSessions();
    const issued = new Map<string, IssuedSession>();
    for (const name of ['ada-1', 'ada-2', 'ada-acme', 'eve-1', 'eve-acme']) {
      const [subject, tenant] = name.split('-');
      issued.set(name, await sessions.create(subject, tenant === 'acme' ? { tenant } : {}));
    }
    const idOf = (name: string) => issued.get(name)!.session.id;
    const ids = await sessions.revokeSelected({
      ...(selection as { subject: string }),
      ...(except !== undefined && { except: idOf(except) }),
    });
    expect(ids.toSorted()).toEqual(ended.map(idOf).toSorted());
    expect(events).toEqual(ids.map((id) => ({ name: 'revoked', payload: { kind: 'sid', id, at: clock.now() } })));
    for (const [name, { refreshToken }] of issued)
      expect([name, await codeOf(sessions.refresh(refreshToken))]).toEqual([
        name,
        ended.includes(name) ? 'token_revoked' : 'ok',
      ]);
  });

  it('ends nothing twice: 20 parallel calls name each session once', async () => {
    const { sessions, named } = await signIn();
    await times(4, () => sessions.create('ada'));
    const ids = (await times(20, () => sessions.revokeSelected({ subject: 'ada' }))).flat();
    expect([ids.length, new Set(ids).size, named('revoked').length]).toEqual([5, 5, 5]);
  });
});

describe('SessionService: anti-CSRF', () => {
  const withAntiCsrf = () => signIn(openSessions({ withAntiCsrf: true }));

  it('gives each refresh token a value of its own, and its access token the same one', async () => {
    const { first, refresh } = await withAntiCsrf();
    const issued = [first, await refresh(first), await refresh(first)];
    const values = issued.map(({ antiCsrf }) => antiCsrf);
    expect(new Set(values).size).toBe(3);
    expect(values).toEqual(issued.map((each) => claimsOf(each)['csrf']));
    expect(values.every((value) => /^[A-Za-z0-9_-]{22}$/.test(value!))).toBe(true);
  });

  it('gives none where none is asked for', async () => {
    const { first } = await signIn();
    expect([first.antiCsrf, claimsOf(first)['csrf']]).toEqual([undefined, undefined]);
  });

  it('S37 takes the value of the refresh token alone, and ends nothing over another', async () => {
    const { first, refresh, sessions, events, row } = await withAntiCsrf();
    const next = await refresh(first);
    const byCookie = (refreshToken: string, antiCsrf: string | string[] | undefined) =>
      sessions.refresh(refreshToken, { fromCookie: true, antiCsrf });
    for (const value of [undefined, '', 'wrong', `${first.antiCsrf} `, [first.antiCsrf!], next.antiCsrf!])
      await expect(byCookie(first.refreshToken, value)).rejects.toMatchObject(refused('csrf_failed'));
    for (const { refreshToken, antiCsrf } of [first, next])
      await expect(byCookie(refreshToken, antiCsrf)).resolves.toBeDefined();
    await expect(byCookie(next.refreshToken, first.antiCsrf)).rejects.toMatchObject(refused('csrf_failed'));
    expect(events).toEqual([]);
    expect((await row()).revokedAt).toBeNull();
  });

  it('does not end a session by a forged request with a token that was used', async () => {
    const { first, next, sessions, later, events } = await signInAndTurn(openSessions({ withAntiCsrf: true }));
    later();
    await expect(sessions.refresh(first.refreshToken, { fromCookie: true })).rejects.toMatchObject(
      refused('csrf_failed'),
    );
    await expect(sessions.refresh(next.refreshToken)).resolves.toBeDefined();
    expect(events).toEqual([]);
  });
});

describe('SessionService: texts that are no refresh token', () => {
  const secret = 'A'.repeat(43);
  const garbage: unknown[] = [
    ...[undefined, null, 0, 1, true, {}, [], Symbol('x'), () => 'x', new String(`${uuidOfNobody}.${secret}`)],
    ...['', '.', ' ', 'x', '\0', 'null', '__proto__', '🔑', 'a.b.c', 'x'.repeat(1_000_000)],
    ...[`${uuidOfNobody}`, `${uuidOfNobody}.`, `.${secret}`, `${uuidOfNobody}${secret}`],
    ...[`${uuidOfNobody}.${secret}A`, `${uuidOfNobody}.${secret.slice(1)}`, `${uuidOfNobody}.${secret}.`],
    ...[` ${uuidOfNobody}.${secret}`, `${uuidOfNobody}.${secret} `, `${uuidOfNobody}.${secret}\n`],
    ...[`${uuidOfNobody.replace('4', 'G')}.${secret}`, `${uuidOfNobody.slice(1)}.${secret}`],
    ...['ABCDEF00-0000-4000-8000-000000000000', "' OR 1=1; --"].map((id) => `${id}.${secret}`),
    ...['+', '/', '=', 'é', '%41'].map((character) => `${uuidOfNobody}.${secret.slice(character.length)}${character}`),
    [`${uuidOfNobody}.${secret}`],
    { toString: () => `${uuidOfNobody}.${secret}` },
  ];

  it('are refused without a question to the store', async () => {
    const { sessions, statements } = openSessions();
    for (const text of garbage)
      await expect(sessions.refresh(text as string)).rejects.toMatchObject(refused('token_invalid'));
    expect(statements).toEqual([]);
  });

  it('are refused when they come of a valid one by one change, and the session lives on', async () => {
    const { first, sessions, refresh, events } = await signIn();
    const random = new Random(14);
    const text = first.refreshToken;
    const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+/=% \n\0é🔑';
    for (let round = 0; round < 1_000; round++) {
      const at = random.below(text.length + 1);
      const changed = text.slice(0, at) + random.pick([...alphabet, '']) + text.slice(at + random.below(3));
      if (changed !== text)
        expect([changed, await codeOf(sessions.refresh(changed))]).toEqual([changed, 'token_invalid']);
    }
    await expect(refresh(first)).resolves.toBeDefined();
    expect(events).toEqual([]);
  });
});

describe('SessionService: a store that fails', () => {
  const statementsOfATurn = ['rotationRows', 'promote', 'addToken', 'find'] as const;

  it.each(statementsOfATurn)('RR-05 loses nothing when %s fails: 503, and the next try is answered', async (name) => {
    const { first, refresh, later, seam, row, events } = await signIn();
    const next = await refresh(first);
    later();
    seam.between = async (statement, proceed) => {
      if (statement.name === name) throw new Error('the database is gone');
      return proceed();
    };
    await expect(refresh(next)).rejects.toMatchObject({ ...refused('store_unavailable'), statusCode: 503 });
    expect((await row()).revokedAt).toBeNull();
    seam.between = (_statement, proceed) => proceed();
    later();
    await expect(refresh(next)).resolves.toBeDefined();
    expect(events).toEqual([]);
  });

  it.each(['promote', 'addToken'] as const)(
    'FT-09b takes the retry for no theft when %s was done and its answer lost',
    async (name) => {
      const { first, refresh, useOf, later, seam, events } = await signIn();
      const next = await refresh(first);
      later();
      seam.between = async (statement, proceed) => {
        const answer = await proceed();
        if (statement.name === name) throw new Error('the connection is gone');
        return answer;
      };
      expect(await codeOf(refresh(next))).toBe('store_unavailable');
      seam.between = (_statement, proceed) => proceed();
      later();
      const last = await refresh(next);
      expect(await useOf(last)).toBe(Infinity);
      await expect(refresh(last)).resolves.toBeDefined();
      expect(events).toEqual([]);
    },
  );

  it('answers 503 for a store that hangs at any statement, and revokes nothing', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    try {
      for (const name of statementsOfATurn) {
        const { first, refresh, later, seam, row, events } = await signIn();
        const next = await refresh(first);
        later();
        seam.between = (statement, proceed) => (statement.name === name ? new Promise(() => {}) : proceed());
        const code = codeOf(refresh(next));
        await jest.advanceTimersByTimeAsync(2_000);
        expect([name, await code]).toEqual([name, 'store_unavailable']);
        expect((await row()).revokedAt).toBeNull();
        expect(events).toEqual([]);
      }
    } finally {
      jest.useRealTimers();
    }
  });

  it('answers 503 when other refreshes were faster each time, and revokes nothing', async () => {
    const { first, refresh, later, seam, statements, row, events } = await signIn();
    const next = await refresh(first);
    later();
    statements.length = 0;
    seam.between = async ({ name }, proceed) => (name === 'promote' ? false : proceed());
    await expect(refresh(next)).rejects.toMatchObject({ code: 'store_unavailable', retryAfter: 1 });
    const round = ['rotationRows', 'promote'];
    expect(statements).toEqual([...round, ...round, ...round]);
    expect((await row()).revokedAt).toBeNull();
    expect(events).toEqual([]);
  });

  it.each<[call: string, call: (opened: Awaited<ReturnType<typeof signIn>>) => Promise<unknown>]>([
    ['create', ({ sessions }) => sessions.create('ada')],
    ['revoke', ({ sessions, id }) => sessions.revoke(id)],
    ['revokeSelected', ({ sessions }) => sessions.revokeSelected({ subject: 'ada' })],
    ['get', ({ sessions, id }) => sessions.get(id)],
    ['list', ({ sessions }) => sessions.list({ subject: 'ada' })],
  ])('answers 503 to %s, and tells of nothing', async (_name, call) => {
    const opened = await signIn();
    opened.seam.between = async () => {
      throw new Error('the database is gone');
    };
    await expect(call(opened)).rejects.toMatchObject(refused('store_unavailable'));
    expect(opened.events).toEqual([]);
    expect(opened.revocations.isRevoked(accessOf(opened.first))).toBe(false);
  });

  it('does not answer a reuse that could not be written: the next one is told', async () => {
    const { first, refresh, later, seam, named } = await signInAndTurn();
    later();
    seam.between = async ({ name }, proceed) => {
      if (name === 'revoke') throw new Error('the database is gone');
      return proceed();
    };
    expect(await codeOf(refresh(first))).toBe('store_unavailable');
    expect(named('session.reused')).toEqual([]);
    seam.between = (_statement, proceed) => proceed();
    expect(await codeOf(refresh(first))).toBe('token_reused');
    expect(named('session.reused')).toHaveLength(1);
  });

  it('RR-06 refuses a used token after a restart too', async () => {
    const { first, store } = await signInAndTurn();
    const restarted = openSessions({ store });
    wait(restarted.clock, overLeeway);
    expect(await codeOf(restarted.sessions.refresh(first.refreshToken))).toBe('token_reused');
    const again = openSessions({ store });
    expect(await codeOf(again.sessions.refresh(first.refreshToken))).toBe('token_revoked');
  });
});

describe('SessionService: the first use of an access token', () => {
  it('moves the session to the refresh token that came with it, once', async () => {
    const { first, refresh, useOf, row, clock, statements } = await signIn();
    const next = await refresh(first);
    statements.length = 0;
    expect(await useOf(next)).toBe(Infinity);
    expect(statements).toEqual(['promote']);
    const moved = await row();
    expect(moved).toMatchObject({ currentId: claimsOf(next)['rti'], rotatedAt: clock.now() });
    expect(await useOf(next)).toBe(Infinity);
    expect(await row()).toEqual(moved);
  });

  it('is asked for again when two moves would fall into one leeway', async () => {
    const { next, refresh, useOf, later, row } = await signInAndTurn();
    const last = await refresh(next);
    const settled = start + leeway + 1;
    expect(await useOf(last)).toBe(settled);
    later(leeway - 500);
    expect(await useOf(last)).toBe(settled);
    later(500);
    expect(await useOf(last)).toBe(settled);
    expect((await row()).currentId).toBe(claimsOf(next)['rti']);
    later(1);
    expect(await useOf(last)).toBe(Infinity);
    expect((await row()).currentId).toBe(claimsOf(last)['rti']);
  });

  it('is settled for a sibling that came too late, and for a session that is not there', async () => {
    const { first, refresh, useOf, sessions } = await signIn();
    const [one, two] = [await refresh(first), await refresh(first)];
    await useOf(one);
    expect(await useOf(two)).toBe(Infinity);
    expect(await sessions.confirm({ id: uuidOfNobody, refreshId: 'child', parentId: 'parent' })).toBe(Infinity);
  });

  it('moves no session that has ended', async () => {
    const { first, id, refresh, useOf, sessions, row } = await signIn();
    const next = await refresh(first);
    await sessions.revoke(id);
    await useOf(next);
    expect((await row()).currentId).toBe(claimsOf(first)['rti']);
  });

  it('lets one of 20 parallel uses of siblings move the session', async () => {
    const { first, refresh, useOf, seam } = await signIn();
    const children = await times(20, () => refresh(first));
    const moves: unknown[] = [];
    seam.between = async ({ name }, proceed) => {
      const answer = await proceed();
      if (name === 'promote') moves.push(answer);
      await new Promise(setImmediate);
      return answer;
    };
    await Promise.all(children.map(useOf));
    expect(moves).toHaveLength(20);
    expect(moves.filter(Boolean)).toHaveLength(1);
  });

  it.each(['find', 'promote'] as const)(
    'never throws: when %s fails, the request goes on and the next one asks again',
    async (name) => {
      // the session has just moved: it can move again after a leeway, and until then it is asked why it did not
      const { next: current, refresh, useOf, seam, row, later } = await signInAndTurn();
      const next = await refresh(current);
      if (name === 'promote') later();
      for (const failure of [new Error('gone'), new AuthError('invalid_argument'), 'a text', undefined]) {
        seam.between = async (statement, proceed) => {
          if (statement.name === name) throw failure;
          return proceed();
        };
        expect(await useOf(next)).toBe(0);
      }
      seam.between = (_statement, proceed) => proceed();
      later();
      expect(await useOf(next)).toBe(Infinity);
      expect((await row()).currentId).toBe(claimsOf(next)['rti']);
    },
  );

  it.each([undefined, null, 1, {}])('never throws, even for an id that is %p', async (id: unknown) => {
    const { sessions } = openSessions();
    expect(await sessions.confirm({ id: id as string, refreshId: 'child', parentId: 'parent' })).toBe(0);
  });
});

describe('SessionService: the statements of a refresh', () => {
  async function statementsOf(opened: { statements: (keyof SessionStore)[] }, call: () => Promise<unknown>) {
    opened.statements.length = 0;
    await call();
    return [...opened.statements];
  }

  it('are 3 for a current token', async () => {
    const given = await signInAndTurn();
    const three = ['rotationRows', 'addToken', 'find'];
    expect(await statementsOf(given, () => given.refresh(given.next))).toEqual(three);
    given.later();
    expect(await statementsOf(given, () => given.refresh(given.next))).toEqual(three);
  });

  it('are 3 for one that goes on with the live branch', async () => {
    const given = await signInAndTurn();
    expect(await statementsOf(given, () => given.refresh(given.first))).toHaveLength(3);
  });

  it('are 4 for a child that was not used yet', async () => {
    const given = await signIn();
    const next = await given.refresh(given.first);
    const four = ['rotationRows', 'promote', 'addToken', 'find'];
    expect(await statementsOf(given, () => given.refresh(next))).toEqual(four);
  });

  it('are 2 for a reuse, and 1 for an unknown token', async () => {
    const given = await signInAndTurn();
    given.later();
    expect(await statementsOf(given, () => codeOf(given.refresh(given.first)))).toEqual(['rotationRows', 'revoke']);
    const unknown = `${uuidOfNobody}.${'A'.repeat(43)}`;
    expect(await statementsOf(given, () => codeOf(given.sessions.refresh(unknown)))).toEqual(['rotationRows']);
  });
});
