import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { AuthConfigError } from '../auth.errors.js';
import { Sealer, type EncryptionKey } from '../auth.sealer.js';
import type { JwtAlgorithm } from '../jwt/algorithms.js';
import { KeyRing } from '../jwt/key-ring.js';
import { publicJwks } from '../jwt/jwks.js';
import { signText, verifyText } from '../jwt/signature.js';
import { MemorySigningKeyStore } from '../stores/memory-signing-key.store.js';
import type { SigningKeyRow } from '../stores/signing-key.store.js';
import { SigningKeyStore } from '../stores/signing-key.store.js';
import { TestClock } from '../testing/test-clock.js';
import { SigningKeys } from './signing-keys.js';

const start = Date.UTC(2030, 0, 1);
const hour = 3_600;
const day = 24 * hour;
const older: EncryptionKey = { id: 'older', key: randomBytes(32) };
const newer: EncryptionKey = { id: 'newer', key: randomBytes(32) };
const option = 'jwt.managedKeys.encryptionKeys';
const outage = { code: 'store_unavailable', statusCode: 503 };
const unknown = expect.objectContaining({ code: 'keys_unavailable', statusCode: 503 });

/** The rows, with a switch that cuts one instance off, and a place to tamper. */
class SeamStore extends SigningKeyStore {
  down = false;
  calls: string[] = [];
  tamper: (rows: SigningKeyRow[]) => SigningKeyRow[] = (rows) => rows;

  constructor(private readonly rows: SigningKeyStore) {
    super();
  }

  async list(): Promise<SigningKeyRow[]> {
    return this.tamper(await this.ask('list', () => this.rows.list()));
  }
  add(row: SigningKeyRow): Promise<boolean> {
    return this.ask('add', () => this.rows.add(row));
  }
  remove(generations: readonly number[]): Promise<void> {
    return this.ask('remove', () => this.rows.remove(generations));
  }

  private async ask<T>(name: string, proceed: () => Promise<T>): Promise<T> {
    this.calls.push(name);
    // as another process would be heard
    await new Promise((resolve) => setImmediate(resolve));
    if (this.down) throw new Error('ECONNREFUSED');
    return proceed();
  }
}

interface Instance {
  readonly keys: SigningKeys;
  readonly ring: KeyRing;
  readonly clock: TestClock;
  readonly store: SeamStore;
  readonly failures: unknown[];
}

interface InstanceOptions {
  encryptionKeys?: readonly EncryptionKey[];
  algorithm?: JwtAlgorithm;
  /** Milliseconds by which its clock is ahead. */
  ahead?: number;
}

/** Instances on one store; each `tick()` is what its timer does. */
function instanceOn(
  rows: SigningKeyStore,
  { encryptionKeys = [older], algorithm = 'ES256', ahead = 0 }: InstanceOptions = {},
): Instance {
  const [clock, store, ring] = [new TestClock(start + ahead), new SeamStore(rows), new KeyRing(undefined)];
  const sealer = new Sealer(option, encryptionKeys);
  const failures: unknown[] = [];
  const times = { rotateEvery: 30 * day * 1000, overlap: hour * 1000 };
  const onFailure = (error: unknown) => failures.push(error);
  const keys = new SigningKeys({ ring, clock, store, sealer, algorithm, ...times, onFailure });
  return { keys, ring, clock, store, failures };
}

describe('SigningKeys', () => {
  let rows: MemorySigningKeyStore;
  let one: Instance;
  let two: Instance;

  beforeEach(() => {
    rows = new MemorySigningKeyStore();
    one = instanceOn(rows);
    two = instanceOn(rows);
  });
  afterEach(() => {
    for (const { keys } of [one, two]) keys.stop();
  });

  const instances = () => [one, two];
  const tickAll = async () => {
    for (const { keys } of instances()) await keys.tick();
  };
  const advance = (seconds: number) => {
    for (const { clock } of instances()) clock.advance(seconds);
  };
  /** Does what `from` signs now verify in `to`? */
  const understands = (from: Instance, to: Instance): boolean => {
    const key = from.ring.current;
    const found = to.ring.find({ alg: key.algorithm, kid: key.kid });
    return found !== undefined && verifyText(found, 'input', signText(key, 'input'));
  };
  const kidsOf = ({ ring }: Instance) => ring.keys.map(({ kid }) => kid);

  /** The clock goes on between two readings. */
  const applied = async (store: SeamStore, keys: SigningKeys) => {
    store.down = true;
    await expect(keys.tick()).rejects.toMatchObject(outage);
    store.down = false;
  };

  it('signs nothing before it has read its keys', () => {
    expect(() => one.ring.current).toThrow(unknown);
  });

  it('S43 makes the first key at boot; instances that boot together take one and the same', async () => {
    const all = [one, two, ...Array.from({ length: 18 }, () => instanceOn(rows))];
    await Promise.all(all.map(({ keys }) => keys.start()));
    for (const { keys } of all) keys.stop();
    expect(await rows.list()).toHaveLength(1);
    expect(new Set(all.map(({ ring }) => ring.current.kid)).size).toBe(1);
    expect(understands(one, two) && understands(two, one)).toBe(true);
  });

  it.each<JwtAlgorithm>(['ES256', 'ES512', 'RS256', 'PS384', 'EdDSA'])(
    'makes and opens keys of %s',
    async (algorithm) => {
      const [maker, reader] = [instanceOn(rows, { algorithm }), instanceOn(rows)];
      await maker.keys.tick();
      await reader.keys.tick();
      expect(reader.ring.current.algorithm).toBe(algorithm);
      expect(understands(maker, reader) && understands(reader, maker)).toBe(true);
    },
  );

  it('ST-03 keeps no private key in a row, nor anything of one', async () => {
    await one.keys.tick();
    const text = JSON.stringify(await rows.list());
    const { d } = one.ring.current.signKey!.export({ format: 'jwk' });
    const der = one.ring.current.signKey!.export({ format: 'der', type: 'pkcs8' });
    for (const secret of [
      d!,
      Buffer.from(d!, 'base64url').toString('base64').slice(0, 40),
      der.toString('base64').slice(-40),
    ])
      expect(text).not.toContain(secret);
    expect(text).not.toMatch(/PRIVATE|"d"/);
  });

  it('S43 publishes the next key before it signs, keeps the old one for the overlap, then drops it', async () => {
    await tickAll();
    const first = one.ring.current;
    advance(30 * day - 601);
    await tickAll();
    expect(kidsOf(one)).toEqual([first.kid]);

    advance(1); // 600 seconds before its turn
    await tickAll();
    const [, next] = kidsOf(one);
    expect(kidsOf(two)).toEqual([first.kid, next]);
    expect(one.ring.current).toBe(first);
    expect(publicJwks(two.ring).keys.map(({ kid }) => kid)).toEqual([first.kid, next]);

    advance(599);
    await tickAll();
    expect(one.ring.current).toBe(first);
    advance(1);
    await tickAll();
    for (const { ring } of instances()) expect(ring.current.kid).toBe(next);
    expect(kidsOf(one)).toEqual([next, first.kid]);
    expect(one.ring.find({ alg: 'ES256', kid: first.kid })).toBe(first);

    advance(hour - 1);
    await tickAll();
    expect(one.ring.find({ alg: 'ES256', kid: first.kid })).toBe(first);
    advance(1);
    await tickAll();
    for (const instance of instances()) expect(kidsOf(instance)).toEqual([next]);
    expect(one.ring.find({ alg: 'ES256', kid: first.kid })).toBeUndefined();
  });

  it('S43 an instance that reads late, or whose clock is off by a minute, understands every token', async () => {
    const fast = instanceOn(rows, { ahead: 60_000 });
    const slow = instanceOn(rows, { ahead: -60_000 });
    const all = [fast, slow];
    for (const { keys } of all) await keys.tick();
    // over two rotations, in steps of 20 seconds around them, each read by one of the two only
    for (let step = 0; step < 200; step++) {
      const by = step % 100 === 0 ? 30 * day - 1_000 : 20;
      for (const { clock } of all) clock.advance(by);
      if (step % 100 === 0) for (const { keys } of all) await keys.tick();
      await all[step % 2]!.keys.tick();
      expect([step, understands(fast, slow), understands(slow, fast)]).toEqual([step, true, true]);
    }
    expect((await rows.list()).length).toBeGreaterThanOrEqual(2);
  });

  it('S43 of 20 rotations at once, one makes the key and all answer with it', async () => {
    await tickAll();
    const first = one.ring.current.kid;
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => instances()[index % 2]!.keys.rotate()));
    expect(await rows.list()).toHaveLength(2);
    expect(new Set(answers.map(({ kid }) => kid)).size).toBe(1);
    expect(answers[0]).toEqual({ kid: kidsOf(one)[1], signsFrom: new Date(start + 600_000) });
    // a later call finds it on its way
    advance(599);
    expect(await two.keys.rotate()).toEqual(answers[0]);
    advance(1);
    await tickAll();
    for (const instance of instances()) expect(kidsOf(instance)).toEqual([answers[0]!.kid, first]);
  });

  it('S43 of 20 ticks of two instances at the due time, one makes the key', async () => {
    await tickAll();
    advance(30 * day);
    await Promise.all(Array.from({ length: 20 }, (_, index) => instances()[index % 2]!.keys.tick()));
    expect(await rows.list()).toHaveLength(2);
  });

  describe('after a compromise', () => {
    it('S43 ends every older key everywhere after 20 seconds, and not before all can know', async () => {
      await tickAll();
      await one.keys.rotate();
      const before = kidsOf(one);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => instances()[index % 2]!.keys.rotate({ compromised: true })),
      );
      expect(new Set(answers.map(({ kid }) => kid)).size).toBe(1);
      expect(answers[0]!.signsFrom).toEqual(new Date(start + 20_000));
      expect(await rows.list()).toHaveLength(3);
      advance(19);
      await tickAll();
      expect(one.ring.current.kid).toBe(before[0]);
      advance(1);
      await tickAll();
      for (const instance of instances()) expect(kidsOf(instance)).toEqual([answers[0]!.kid]);
      for (const kid of before) expect(two.ring.find({ alg: 'ES256', kid })).toBeUndefined();
      // the one that was on its way never comes
      advance(600);
      await tickAll();
      expect(kidsOf(one)).toEqual([answers[0]!.kid]);
    });

    it.each([60_000, 0, -60_000])(
      'S43 is heeded in 30 seconds by clocks that differ by a minute, and its key signs where all know it (maker %d ms ahead)',
      async (makerAhead) => {
        const all = [60_000, 0, -60_000].map((ahead) => instanceOn(rows, { ahead }));
        for (const { keys } of all) await keys.tick();
        const old = all[0]!.ring.current.kid!;
        const accept = (kid: string) => all.filter(({ ring }) => ring.find({ alg: 'ES256', kid }) !== undefined);
        const changed: number[] = [];
        const madeAt = 14;
        let made = '';
        for (let second = 1; second <= madeAt + 31; second++) {
          for (const { clock } of all) clock.advance(1);
          // each at its own time in the ten seconds; by whom it is read, and when it was made, falls into any order
          for (const [at, { keys }] of all.entries()) if (second % 10 === 3 * at + 2) await keys.tick();
          const maker = all.find(({ clock }) => clock.now() === start + makerAhead + second * 1000)!;
          if (second === madeAt) made = (await maker.keys.rotate({ compromised: true })).kid;
          else for (const { store, keys } of all) await applied(store, keys);
          for (const { ring } of all.filter((instance) => instance.ring.current.kid === made)) {
            changed.push(second - madeAt);
            expect([second, ring.current.kid, accept(made).length]).toEqual([second, made, 3]);
          }
        }
        expect(Math.min(...changed)).toBeGreaterThanOrEqual(10);
        expect(all.map(({ ring }) => ring.current.kid)).toEqual([made, made, made]);
        expect(accept(old)).toEqual([]);
      },
    );

    it('is not taken for done when another instance has begun a common rotation at the same time', async () => {
      await tickAll();
      const [common, compromised] = await Promise.all([one.keys.rotate(), two.keys.rotate({ compromised: true })]);
      expect((await rows.list()).at(-1)).toMatchObject({ kid: compromised.kid, endsOlder: true });
      advance(20);
      await tickAll();
      expect(kidsOf(one)).toEqual([compromised.kid]);
      expect(common.signsFrom.getTime()).toBeGreaterThanOrEqual(compromised.signsFrom.getTime());
    });
  });

  describe('in an outage of the store', () => {
    beforeEach(tickAll);

    it('does not boot', async () => {
      const third = instanceOn(rows);
      third.store.down = true;
      await expect(third.keys.start()).rejects.toMatchObject(outage);
    });

    it('goes on with the keys it knows, and issues until there could be one that it does not know', async () => {
      const first = one.ring.current;
      one.store.down = true;
      advance(600);
      await expect(one.keys.tick()).rejects.toMatchObject(outage);
      expect(one.ring.current).toBe(first);
      advance(1);
      expect(() => one.ring.current).toThrow(unknown);
      // verification does not notice, however long it lasts
      advance(100 * day);
      await expect(one.keys.tick()).rejects.toMatchObject(outage);
      expect(one.ring.find({ alg: 'ES256', kid: first.kid })).toBe(first);
    });

    it('S43 counts the time since it read its keys also when the clock is set back', async () => {
      const now = performance.now();
      const later = jest.spyOn(performance, 'now');
      one.store.down = true;
      one.clock.set(start - hour * 1000);
      later.mockReturnValue(now + 599_000);
      expect(one.ring.current).toBeDefined();
      later.mockReturnValue(now + 601_000);
      expect(() => one.ring.current).toThrow(unknown);
      later.mockRestore();
    });

    it('answers a token of a key that it cannot know by 503, and the same of no key by a no once it can', async () => {
      one.store.down = true;
      advance(601);
      expect(() => one.ring.find({ alg: 'ES256', kid: 'elsewhere' })).toThrow(unknown);
      one.store.down = false;
      await one.keys.tick();
      expect(one.ring.find({ alg: 'ES256', kid: 'elsewhere' })).toBeUndefined();
    });

    it('recovers by itself', async () => {
      one.store.down = true;
      advance(2 * 600);
      await expect(one.keys.tick()).rejects.toMatchObject(outage);
      one.store.down = false;
      await one.keys.tick();
      expect(understands(one, two)).toBe(true);
    });

    it('changes to the next key, and drops the old one, by the clock alone', async () => {
      const first = one.ring.current.kid;
      const next = await one.keys.rotate();
      one.store.down = true;
      advance(600);
      await expect(one.keys.tick()).rejects.toMatchObject(outage);
      expect(kidsOf(one)).toEqual([next.kid, first]);
      advance(hour);
      await expect(one.keys.tick()).rejects.toMatchObject(outage);
      expect(kidsOf(one)).toEqual([next.kid]);
    });

    it('promises no rotation', async () => {
      one.store.down = true;
      await expect(one.keys.rotate({ compromised: true })).rejects.toMatchObject(outage);
      expect(await rows.list()).toHaveLength(1);
    });

    it('a store that can be read but not written makes a rotation late, and nothing else', async () => {
      const first = one.ring.current;
      advance(40 * day);
      const { add } = one.store;
      one.store.add = () => Promise.reject(new Error('read only'));
      await expect(one.keys.tick()).rejects.toMatchObject(outage);
      expect(one.ring.current).toBe(first);
      one.store.add = add;
      await one.keys.tick();
      expect(kidsOf(one)).toHaveLength(2);
    });

    it('HA-07 asks the store for no unknown kid', async () => {
      one.store.calls = [];
      for (let index = 0; index < 1_000; index++) one.ring.find({ alg: 'ES256', kid: `forged ${index}` });
      expect(one.store.calls).toEqual([]);
    });
  });

  describe('what does not open', () => {
    beforeEach(tickAll);

    it('CF-03 stops the boot with another encryption key, naming the option and no secret', async () => {
      const wrong = { id: 'older', key: randomBytes(32) };
      const third = instanceOn(rows, { encryptionKeys: [wrong] });
      const refusal = third.keys.start();
      await expect(refusal).rejects.toBeInstanceOf(AuthConfigError);
      await expect(refusal).rejects.toMatchObject({ option });
      await expect(instanceOn(rows, { encryptionKeys: [newer] }).keys.start()).rejects.toThrow(
        /the id older: put it back/,
      );
    });

    it('ST-04 opens with the old encryption key what it sealed, and seals the next with the new one', async () => {
      const third = instanceOn(rows, { encryptionKeys: [newer, older] });
      third.clock.set(start + 30 * day * 1000);
      await third.keys.tick();
      expect((await rows.list()).map(({ sealed }) => sealed.split('.')[0])).toEqual(['older', 'newer']);
      // once the first has ended, its encryption key can go
      third.clock.set(start + (30 * day + 601 + hour) * 1000);
      const fourth = instanceOn(rows, { encryptionKeys: [newer] });
      fourth.clock.set(third.clock.now());
      await fourth.keys.tick();
      expect(kidsOf(fourth)).toHaveLength(1);
    });

    it.each<[string, (rows: SigningKeyRow[]) => SigningKeyRow[]]>([
      [
        'two rows whose keys changed places',
        ([a, b]) => [
          { ...a!, sealed: b!.sealed },
          { ...b!, sealed: a!.sealed },
        ],
      ],
      [
        'a key under another name',
        ([a, b]) => [
          { ...a!, kid: b!.kid },
          { ...b!, kid: a!.kid },
        ],
      ],
      ['a key of another generation', ([a, b]) => [a!, { ...b!, generation: 3 }]],
      ['a key that is to sign earlier', ([a, b]) => [a!, { ...b!, signsFrom: b!.signsFrom - 600_000 }]],
      ['a key that is to live longer', ([a, b]) => [a!, { ...b!, endsOlder: !b!.endsOlder }]],
      ['a key of another algorithm', ([a, b]) => [a!, { ...b!, algorithm: 'ES384' }]],
      ['a key that was slipped in', ([a, b]) => [a!, b!, { ...b!, generation: 3, kid: 'x', sealed: 'plain' }]],
    ])('ST-03 refuses %s, and keeps the ring it has', async (_what, tamper) => {
      await one.keys.rotate();
      const good = kidsOf(one);
      one.store.tamper = tamper;
      await expect(one.keys.tick()).rejects.toMatchObject({ option });
      expect(kidsOf(one)).toEqual(good);
      advance(601);
      await expect(one.keys.tick()).rejects.toMatchObject({ option });
      expect(() => one.ring.current).toThrow(unknown);
      const third = instanceOn(rows);
      third.store.tamper = tamper;
      await expect(third.keys.start()).rejects.toMatchObject({ option });
    });

    describe('still ends', () => {
      /** Deployed already, with an encryption key that `one` lacks. */
      let other: Instance;
      const tick = async () => {
        await other.keys.tick();
        await expect(one.keys.tick()).rejects.toMatchObject({ option });
      };
      const pass = (seconds: number) => [one, other].forEach(({ clock }) => clock.advance(seconds));

      beforeEach(() => {
        other = instanceOn(rows, { encryptionKeys: [newer, older] });
      });

      it('S43 a compromised key, when the key that ends it does not open', async () => {
        const stolen = one.ring.current;
        const next = await one.keys.rotate();
        await other.keys.rotate({ compromised: true });
        pass(19);
        await tick();
        expect(one.ring.current).toBe(stolen);
        pass(1);
        await tick();
        expect(kidsOf(one)).toEqual([]);
        for (const { kid } of [stolen, next, other.ring.current]) {
          expect(() => one.ring.find({ alg: 'ES256', kid })).toThrow(unknown);
        }
        expect(() => one.ring.current).toThrow(unknown);
        for (let hours = 0; hours < 20 * 24; hours++) {
          pass(hour);
          await tick();
          expect(kidsOf(one)).toEqual([]);
        }
        // the deployment comes to its end
        const redeployed = instanceOn(rows, { encryptionKeys: [newer, older] });
        redeployed.clock.set(other.clock.now());
        await redeployed.keys.tick();
        expect(understands(other, redeployed) && understands(redeployed, other)).toBe(true);
      });

      it('S43 a compromised key by the clock alone, when the store is lost after it has told', async () => {
        await other.keys.rotate({ compromised: true });
        await tick();
        one.store.down = true;
        pass(20);
        await expect(one.keys.tick()).rejects.toMatchObject(outage);
        expect(kidsOf(one)).toEqual([]);
      });

      it('S43 no key that came after the one that ends the older ones', async () => {
        await one.keys.rotate({ compromised: true });
        advance(20);
        other.clock.advance(20);
        await one.keys.tick();
        const { kid } = one.ring.current;
        await other.keys.rotate();
        await tick();
        pass(600);
        await tick();
        expect(kidsOf(one)).toEqual([kid]);
      });

      it('S43 a key whose row is gone, and signs nothing in place of it', async () => {
        const [first, next] = [one.ring.current, await one.keys.rotate()];
        pass(300);
        await other.keys.rotate({ compromised: true });
        one.store.tamper = (all) => all.filter(({ generation }) => generation !== 1);
        await expect(one.keys.tick()).rejects.toMatchObject({ option });
        expect(kidsOf(one)).toEqual([next.kid]);
        expect(() => one.ring.current).toThrow(unknown);
        expect(() => one.ring.find({ alg: 'ES256', kid: first.kid })).toThrow(unknown);
      });
    });
  });

  it('deletes what ended a day ago, a hundred at a time', async () => {
    await one.keys.tick();
    for (let made = 0; made < 150; made++) {
      await one.keys.rotate({ compromised: true });
      one.clock.advance(20);
    }
    await one.keys.tick();
    expect(await rows.list()).toHaveLength(151);
    const last = one.ring.current;
    one.clock.advance(day);
    one.store.calls = [];
    await one.keys.tick();
    expect((await rows.list()).map(({ generation }) => generation)).toEqual(
      Array.from({ length: 51 }, (_, index) => 101 + index),
    );
    await one.keys.tick();
    await one.keys.tick();
    expect((await rows.list()).map(({ generation }) => generation)).toEqual([151]);
    expect(one.store.calls.filter((name) => name === 'remove')).toHaveLength(2);
    expect(one.ring.current).toBe(last);
  });

  describe('by itself', () => {
    const rounds = ({ store }: Instance) => store.calls.filter((name) => name === 'list').length;
    /** The timers alone are not real: the store and the making of keys take their time. */
    const elapse = async (milliseconds: number) => {
      jest.advanceTimersByTime(milliseconds);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    };

    beforeEach(async () => {
      await tickAll();
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance', 'Date'] });
      await one.keys.start();
    });
    afterEach(() => jest.useRealTimers());

    it('reads every ten seconds, through an outage, until it is stopped', async () => {
      const first = rounds(one);
      await elapse(9_999);
      expect(rounds(one)).toBe(first);
      await elapse(1);
      expect(rounds(one)).toBe(first + 1);
      one.store.down = true;
      await elapse(10_000);
      await elapse(10_000);
      expect(one.failures).toEqual([expect.objectContaining(outage), expect.objectContaining(outage)]);
      one.store.down = false;
      await elapse(10_000);
      expect([rounds(one), one.failures.length]).toEqual([first + 4, 2]);
      one.keys.stop();
      await elapse(60_000);
      expect(rounds(one)).toBe(first + 4);
    });

    it('comes round in time for a key whose turn it is', async () => {
      const { kid } = await two.keys.rotate({ compromised: true });
      await elapse(10_000);
      one.clock.advance(17);
      await elapse(10_000);
      expect(one.ring.current.kid).not.toBe(kid);
      one.clock.advance(3);
      await elapse(3_000);
      expect(one.ring.current.kid).toBe(kid);
    });
  });
});
