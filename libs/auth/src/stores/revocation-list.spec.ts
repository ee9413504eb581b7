import { jest } from '@jest/globals';
import { Clock } from '../auth.clock.js';
import { MemoryRevocationStore } from './memory-revocation.store.js';
import { RevocationFanOut, type RevocationFanOutListener, type RevocationHint } from './revocation-fan-out.js';
import { RevocationList } from './revocation-list.js';
import type { RevocableToken } from './revocation-mirror.js';
import { RevocationOptions } from './revocation.options.js';
import { RevocationStore, type RefreshUse, type Revocation } from './revocation.store.js';

const start = 1_800_000_000_000;
const second = start / 1000;

class TestClock extends Clock {
  /** Set apart from the monotonic clock, as a wall clock can be. */
  offset = 0;
  now(): number {
    return start + performance.now() + this.offset;
  }
}

/** One database behind several processes: `down` makes it fail, `hangs` makes it never answer. */
class SharedStore extends RevocationStore {
  readonly shared = true;
  readonly rows = new MemoryRevocationStore();
  down = false;
  hangs = false;
  /** Milliseconds until it answers. */
  delay = 0;
  readonly asked: string[] = [];

  revoke = (row: Revocation) => this.#ask('revoke', () => this.rows.revoke(row));
  find = (token: object) => this.#ask('find', () => this.rows.find(token));
  list = (page: Parameters<RevocationStore['list']>[0]) => this.#ask('list', () => this.rows.list(page));
  use = (use: Omit<RefreshUse, 'child'>) => this.#ask('use', () => this.rows.use(use));
  confirm = (parent: Omit<RefreshUse, 'child'>, child: string) =>
    this.#ask('confirm', () => this.rows.confirm(parent, child));
  prune = (now: number, limit: number) => this.#ask('prune', () => this.rows.prune(now, limit));

  async #ask<T>(name: string, answer: () => Promise<T>): Promise<T> {
    this.asked.push(name);
    if (this.hangs) return new Promise<never>(() => {});
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (this.down) throw new Error('connect ECONNREFUSED postgres://app:hunter2@db');
    return answer();
  }

  times(name: string): number {
    return this.asked.filter((one) => one === name).length;
  }
}

const token = (more: Partial<RevocableToken> = {}): RevocableToken => ({
  ...{ jti: 'j1', sid: 's1', sub: 'ada', iat: second },
  ...more,
});
const row = (kind: Revocation['kind'], id: string, more: Partial<Revocation> = {}): Revocation => ({
  ...{ kind, id, notBefore: 0, revokedAt: start, expiresAt: start + 86_400_000 },
  ...more,
});
const inAnHour = start + 3_600_000;

let clock: TestClock;
let store: SharedStore;
let lists: RevocationList[];
let outages: unknown[];

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
  clock = new TestClock();
  store = new SharedStore();
  lists = [];
  outages = [];
});
afterEach(async () => {
  for (const list of lists) await list.stop();
  jest.useRealTimers();
});

/** The list of a process: polls each second, and knows nothing any more after five without an answer. */
function listOf(of: RevocationStore | undefined, options: Partial<RevocationOptions> = {}): RevocationList {
  const list = new RevocationList(of, Object.assign(new RevocationOptions(), options), clock, (error) =>
    outages.push(error),
  );
  lists.push(list);
  return list;
}
async function started(of: RevocationStore | undefined = store): Promise<RevocationList> {
  const list = listOf(of);
  await list.start();
  return list;
}
const wait = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);
const unavailable = expect.objectContaining({ code: 'store_unavailable', statusCode: 503, retryAfter: 1 });

describe('RevocationList: what is revoked', () => {
  it('heeds its own revocation at once', async () => {
    const list = await started();
    expect(list.isRevoked(token())).toBe(false);
    await expect(list.revoke('jti', 'j1', inAnHour)).resolves.toBe(true);
    expect(list.isRevoked(token())).toBe(true);
    await expect(list.revoke('jti', 'j1', inAnHour)).resolves.toBe(false);
  });

  it('loads before it starts what was revoked before, all pages of it', async () => {
    for (let at = 0; at < 2_500; at++)
      await store.rows.revoke(row('jti', `j${at}`, { revokedAt: start - 2_500 + (at >> 2) }));
    const list = await started();
    for (const id of ['j0', 'j999', 'j1000', 'j1001', 'j2499']) expect(list.isRevoked(token({ jti: id }))).toBe(true);
    expect(store.times('list')).toBe(3);
  });

  it('RV-01 sees within one poll what another process revoked', async () => {
    const [one, other] = [await started(), await started()];
    await one.revoke('sid', 's1', inAnHour);
    expect(other.isRevoked(token())).toBe(false);
    await wait(1_000);
    expect(other.isRevoked(token())).toBe(true);
  });

  it('FT-06 sees what a process wrote whose clock is a minute slow', async () => {
    const list = await started();
    await wait(10_000);
    await store.rows.revoke(row('jti', 'j1', { revokedAt: clock.now() - 60_000 }));
    await wait(1_000);
    expect(list.isRevoked(token())).toBe(true);
  });

  it('RV-01 sees after an outage all that was revoked in it', async () => {
    const list = await started();
    store.down = true;
    await wait(600_000);
    await store.rows.revoke(row('jti', 'j1', { revokedAt: start + 1_000 }));
    store.down = false;
    await wait(1_000);
    expect(list.isRevoked(token())).toBe(true);
  });

  it('asks nothing on a guarded request', async () => {
    const list = await started();
    const { length } = store.asked;
    for (let round = 0; round < 100; round++) list.isRevoked(token());
    expect(store.asked).toHaveLength(length);
  });

  it('RV-01 asked of the store, knows at once, and remembers', async () => {
    const [one, other] = [await started(), await started()];
    await one.revoke('sid', 's1', inAnHour);
    await expect(other.isRevokedInStore(token())).resolves.toBe(true);
    expect(other.isRevoked(token())).toBe(true);
  });

  it.each([
    [second - 1, true],
    [second, true],
    [second + 1, false],
    [undefined, true],
  ])('RV-09 asked of the store for a subject: iat %p is revoked: %p', async (iat, revoked) => {
    const list = await started();
    await store.rows.revoke(row('sub', 'ada', { notBefore: second }));
    await expect(list.isRevokedInStore(token({ iat }))).resolves.toBe(revoked);
  });

  it('RV-09 tells after which second tokens of a subject live', async () => {
    const list = await started();
    expect(list.notBefore('ada')).toBe(-1);
    await list.revoke('sub', 'ada', inAnHour, second);
    expect(list.notBefore('ada')).toBe(second);
    expect(list.isRevoked(token({ iat: second }))).toBe(true);
    expect(list.isRevoked(token({ iat: second + 1 }))).toBe(false);
  });

  it('RV-04 revoking an unknown id is no error and hits nobody else', async () => {
    const list = await started();
    await list.revoke('jti', 'nobody has this', inAnHour);
    expect(list.isRevoked(token())).toBe(false);
  });
});

describe('RevocationList: when the store cannot be asked', () => {
  it('does not start', async () => {
    store.down = true;
    await expect(listOf(store).start()).rejects.toEqual(unavailable);
  });

  it('RV-02 goes on from its mirror until maxStaleness, then answers 503, never yes and never no', async () => {
    const list = await started();
    await list.revoke('jti', 'j2', inAnHour);
    store.down = true;
    await wait(4_900);
    expect(list.isRevoked(token())).toBe(false);
    expect(list.isRevoked(token({ jti: 'j2' }))).toBe(true);
    await wait(200);
    expect(() => list.isRevoked(token())).toThrow(unavailable);
    expect(() => list.isRevoked(token({ jti: 'j2' }))).toThrow(unavailable);
  });

  it('counts staleness from the question, not from its answer', async () => {
    const list = await started();
    store.delay = 1_500;
    await wait(2_600); // asked at 1,000, answered at 2,500
    store.hangs = true;
    await wait(3_300);
    expect(list.isRevoked(token())).toBe(false);
    await wait(200);
    expect(() => list.isRevoked(token())).toThrow(unavailable);
  });

  it('recovers with the first poll that is answered', async () => {
    const list = await started();
    store.down = true;
    await wait(60_000);
    expect(() => list.isRevoked(token())).toThrow(unavailable);
    store.down = false;
    await wait(1_000);
    expect(list.isRevoked(token())).toBe(false);
  });

  it('tells of each failed poll, and goes on polling once a second', async () => {
    await started();
    const { length } = store.asked;
    store.down = true;
    await wait(10_000);
    expect(outages).toHaveLength(10);
    expect(outages[0]).toEqual(unavailable);
    expect(store.asked.length - length).toBe(10);
  });

  it('RV-02 answers 503 for a route that asks the store', async () => {
    const list = await started();
    store.down = true;
    await expect(list.isRevokedInStore(token())).rejects.toEqual(unavailable);
  });

  it('RV-02 answers 503 for a revocation, and promises nothing', async () => {
    const list = await started();
    store.down = true;
    await expect(list.revoke('jti', 'j1', inAnHour)).rejects.toEqual(unavailable);
    expect(list.isRevoked(token())).toBe(false);
  });

  it('says nothing of the database in the text that is sent', async () => {
    store.down = true;
    const error = (await listOf(store)
      .start()
      .catch((thrown: unknown) => thrown)) as Error & { reason: string };
    expect(`${error.message}${error.reason}`).not.toContain('hunter2');
    expect(error.cause).toMatchObject({ message: expect.stringContaining('ECONNREFUSED') });
  });

  it('FT-07 a jump of the wall clock neither stales nor freshens', async () => {
    const list = await started();
    clock.offset = 86_400_000;
    expect(list.isRevoked(token())).toBe(false);
    store.down = true;
    await wait(5_001);
    clock.offset = -86_400_000;
    expect(() => list.isRevoked(token())).toThrow(unavailable);
  });

  // FT-09, FT-10: a half-open connection answers never; what comes after it is served within 5 s of the fault's end
  it('FT-09 recovers from a question that was never answered', async () => {
    const list = await started();
    store.hangs = true;
    await wait(30_000);
    store.hangs = false;
    await wait(5_000);
    expect(list.isRevoked(token())).toBe(false);
  });
});

describe('RevocationList: what it forgets', () => {
  it('RV-06 keeps a revocation until its end, also when pruning runs, and RV-07 drops it after', async () => {
    const list = await started();
    await list.revoke('jti', 'j1', start + 300_000);
    await wait(299_000);
    expect(list.isRevoked(token())).toBe(true);
    expect(await store.rows.find({ jti: 'j1' })).toHaveLength(1);
    await wait(120_000);
    expect(list.isRevoked(token())).toBe(false);
    expect(await store.rows.find({ jti: 'j1' })).toHaveLength(0);
  });

  it('prunes once a minute, not at each poll', async () => {
    await started();
    const before = store.times('prune');
    await wait(300_000);
    expect(store.times('prune') - before).toBe(5);
  });

  it('RV-07 prunes all that expired, however much it is', async () => {
    for (let at = 0; at < 4_500; at++) await store.rows.revoke(row('jti', `j${at}`, { expiresAt: start + 1_000 }));
    await store.rows.revoke(row('jti', 'live'));
    await started();
    await wait(120_000);
    expect(await store.rows.list({ since: 0, now: 0, limit: 10_000 })).toHaveLength(1);
  });

  it('RV-07 prunes a store that no other process shares too', async () => {
    const memory = new MemoryRevocationStore();
    const list = await started(memory);
    await list.revoke('jti', 'j1', start + 10_000);
    await wait(130_000);
    expect(await memory.find({ jti: 'j1' })).toHaveLength(0);
    expect(list.isRevoked(token())).toBe(false);
  });
});

describe('RevocationList: other stores', () => {
  it('a memory store is never stale and never polled', async () => {
    const memory = new MemoryRevocationStore();
    const asked = jest.spyOn(memory, 'list');
    const list = await started(memory);
    await wait(600_000);
    expect(list.isRevoked(token())).toBe(false);
    expect(asked).not.toHaveBeenCalled();
  });

  it('no store: nothing is revoked, and revoking says why it cannot', async () => {
    const list = listOf(undefined);
    await list.start();
    expect(list.isRevoked(token())).toBe(false);
    await expect(list.isRevokedInStore(token())).resolves.toBe(false);
    await expect(list.revoke('jti', 'j1', inAnHour)).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: expect.stringContaining('noStores()'),
    });
  });

  it('stops asking when it is stopped, in the middle of a poll too', async () => {
    const list = await started();
    await list.stop();
    const { length } = store.asked;
    await wait(60_000);
    expect(store.asked).toHaveLength(length);
    expect(jest.getTimerCount()).toBe(0);
  });
});

/** Between the processes that start on it; `isDown` loses what is sent, `throws` breaks the promise not to throw. */
class Channel {
  readonly listeners = new Set<RevocationFanOutListener>();
  readonly sent: RevocationHint[][] = [];
  isDown = false;
  throws = false;
}

/** The end of a process. */
class ChannelEnd extends RevocationFanOut {
  closed = 0;
  #listener: RevocationFanOutListener | undefined;

  constructor(private readonly channel: Channel) {
    super();
  }
  async start(listener: RevocationFanOutListener) {
    if (this.channel.isDown) throw new Error('connect ECONNREFUSED');
    this.channel.listeners.add((this.#listener = listener));
  }
  publish(hints: readonly RevocationHint[]) {
    if (this.channel.throws) throw new Error('the channel is broken');
    if (this.channel.isDown) return;
    this.channel.sent.push([...hints]);
    for (const listener of this.channel.listeners) listener.hinted(hints);
  }
  async close() {
    this.closed += 1;
    this.channel.listeners.delete(this.#listener!);
  }
}

describe('RevocationList: with a fan-out', () => {
  let channel: Channel;
  const onChannel = async (of: RevocationStore = store) => {
    const list = listOf(of, { fanOut: new ChannelEnd(channel) });
    await list.start();
    return list;
  };
  beforeEach(() => {
    channel = new Channel();
  });

  it.each(['jti', 'sid'] as const)('RV-01 refuses at once what another process revoked by %s', async (kind) => {
    const [one, other] = [await onChannel(), await onChannel()];
    await one.revoke(kind, kind === 'jti' ? 'j1' : 's1', inAnHour);
    expect(other.isRevoked(token())).toBe(true);
    expect(other.isRevoked(token({ jti: 'j2', sid: 's2' }))).toBe(false);
  });

  it('tells nothing of a subject but that there is news, which the others read soon', async () => {
    const [one, other] = [await onChannel(), await onChannel()];
    await one.revoke('sub', 'ada', inAnHour, second);
    expect(channel.sent).toEqual([[{ kind: 'sub' }]]);
    await wait(100);
    expect(other.isRevoked(token())).toBe(true);
    expect(other.isRevoked(token({ iat: second + 1 }))).toBe(false);
  });

  it('reads once for much news, and then polls on as before', async () => {
    const list = await onChannel();
    const before = store.times('list');
    for (let at = 0; at < 1_000; at++) for (const { hinted } of channel.listeners) hinted([{ kind: 'sub' }]);
    await wait(100);
    expect(store.times('list') - before).toBe(1);
    await wait(10_000);
    expect(store.times('list') - before).toBe(11);
    expect(list.isRevoked(token())).toBe(false);
  });

  it('asks once more for news that came while it was asking', async () => {
    const list = await onChannel();
    store.delay = 500;
    await wait(1_200); // the poll asked at 1,000
    await store.rows.revoke(row('sub', 'ada', { notBefore: second }));
    for (const { hinted } of channel.listeners) hinted([{ kind: 'sub' }]);
    const before = store.times('list');
    await wait(400);
    expect(store.times('list') - before).toBe(1);
    await wait(500);
    expect(list.isRevoked(token())).toBe(true);
  });

  it('RV-01 knows by the poll what the channel lost, and FT-03 polls when it is back', async () => {
    const [one, other] = [await onChannel(), await onChannel()];
    channel.isDown = true;
    await one.revoke('sid', 's1', inAnHour);
    expect(other.isRevoked(token())).toBe(false);
    for (const { reconnected } of channel.listeners) reconnected();
    await wait(100);
    expect(other.isRevoked(token())).toBe(true);
  });

  it('RV-01 a message that is forged lapses, for the store does not confirm it', async () => {
    const list = await onChannel();
    for (const { hinted } of channel.listeners) hinted([{ kind: 'sid', id: 's1' }]);
    expect(list.isRevoked(token())).toBe(true);
    await wait(240_000);
    expect(list.isRevoked(token())).toBe(false);
  });

  it('RV-06 a hint that is true stands until the end that the store tells', async () => {
    const [one, other] = [await onChannel(), await onChannel()];
    await one.revoke('sid', 's1', inAnHour);
    await wait(3_500_000);
    expect(other.isRevoked(token())).toBe(true);
  });

  it('RV-02 keeps a hint while the store cannot confirm it', async () => {
    const patient = listOf(store, { fanOut: new ChannelEnd(channel), maxStaleness: 3_600 });
    await patient.start();
    store.down = true;
    for (const { hinted } of channel.listeners) hinted([{ kind: 'sid', id: 's1' }]);
    await wait(600_000);
    expect(patient.isRevoked(token())).toBe(true);
  });

  it('RV-02 a hint says nothing of the store: unread for too long, it is 503 all the same', async () => {
    const list = await onChannel();
    store.down = true;
    await wait(6_000);
    for (const { hinted } of channel.listeners) hinted([{ kind: 'jti', id: 'j9' }]);
    expect(() => list.isRevoked(token())).toThrow(unavailable);
  });

  it('takes no more hints than memory bears, and what is left out by the poll', async () => {
    const list = await onChannel();
    const flood = Array.from({ length: 100_001 }, (_, at) => ({ kind: 'sid', id: `f${at}` }) as const);
    for (const { hinted } of channel.listeners) hinted(flood);
    expect(list.isRevoked(token({ sid: 'f99999' }))).toBe(true);
    expect(list.isRevoked(token({ sid: 'f100000' }))).toBe(false);
    await store.rows.revoke(row('sid', 'f100000'));
    await wait(1_000);
    expect(list.isRevoked(token({ sid: 'f100000' }))).toBe(true);
  });

  it('RV-02 a channel that fails fails no revocation', async () => {
    const [one, other] = [await onChannel(), await onChannel()];
    channel.throws = true;
    await expect(one.revoke('sid', 's1', inAnHour)).resolves.toBe(true);
    expect(one.isRevoked(token())).toBe(true);
    await wait(1_000);
    expect(other.isRevoked(token())).toBe(true);
  });

  it('tells nobody of a revocation that could not be written', async () => {
    const list = await onChannel();
    store.down = true;
    await expect(list.revoke('sid', 's1', inAnHour)).rejects.toEqual(unavailable);
    expect(channel.sent).toEqual([]);
  });

  it('does not start without its channel, and leaves none open when the store fails', async () => {
    channel.isDown = true;
    await expect(onChannel()).rejects.toThrow('ECONNREFUSED');
    channel.isDown = false;
    store.down = true;
    await expect(onChannel()).rejects.toEqual(unavailable);
    expect(channel.listeners.size).toBe(0);
  });

  it('hears what is told while it loads', async () => {
    const list = listOf(store, { fanOut: new ChannelEnd(channel) });
    store.delay = 100;
    const starting = list.start();
    await wait(50);
    for (const { hinted } of channel.listeners) hinted([{ kind: 'sid', id: 's1' }, { kind: 'sub' }]);
    await wait(200);
    await starting;
    expect(list.isRevoked(token())).toBe(true);
    await wait(200);
    expect(store.times('list')).toBe(2);
  });

  it('CF-09 needs a store that processes share', async () => {
    for (const alone of [new MemoryRevocationStore(), undefined]) {
      const list = listOf(alone, { fanOut: new ChannelEnd(channel) });
      await expect(list.start()).rejects.toMatchObject({
        name: 'AuthConfigError',
        option: 'revocation.fanOut',
        message: expect.stringContaining('typeormStores()'),
      });
    }
  });

  it('closes the channel once when it stops, and one that it never opened not at all', async () => {
    const fanOut = new ChannelEnd(channel);
    const list = listOf(store, { fanOut });
    await list.stop();
    expect(fanOut.closed).toBe(0);
    await list.start();
    await list.stop();
    await list.stop();
    expect(fanOut.closed).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
