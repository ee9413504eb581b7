import { jest } from '@jest/globals';
import { MemorySessionStore } from '../stores/memory-session.store.js';
import { idleLifetime, openSessions, start } from '../../../../test/sessions/session.fixture.js';
import { SessionCleanup } from './session-cleanup.js';

const day = 86_400_000;

describe('SessionCleanup', () => {
  afterEach(() => jest.useRealTimers());

  it('deletes a session a day after its end, and no other', async () => {
    const store = new MemorySessionStore();
    const { sessions, clock } = openSessions({ store });
    const [ended, idle] = [await sessions.create('ada'), await sessions.create('grace')];
    await sessions.revoke(ended.session.id);
    const cleanup = new SessionCleanup([store], clock, () => {});
    const isThere = async (id: string) => (await store.find(id)) !== undefined;

    clock.set(start + day);
    await cleanup.tick();
    expect(await isThere(ended.session.id)).toBe(true);
    clock.set(start + day + 1);
    await cleanup.tick();
    expect([await isThere(ended.session.id), await isThere(idle.session.id)]).toEqual([false, true]);
    clock.set(start + idleLifetime + day + 1);
    await cleanup.tick();
    expect(await isThere(idle.session.id)).toBe(false);
  });

  it('goes on at once while there is more, and waits out an outage', async () => {
    const told: unknown[] = [];
    const pruned: [number, number][] = [];
    const answers = [50, 3];
    const store = new (class extends MemorySessionStore {
      override async prune(endedBefore: number, limit: number): Promise<number> {
        pruned.push([endedBefore, limit]);
        const next = answers.shift();
        if (next === undefined) throw new Error('gone');
        return next;
      }
    })();
    jest.useFakeTimers();
    const { clock } = openSessions();
    const cleanup = new SessionCleanup([store], clock, (error) => told.push(error));
    cleanup.start();
    const batchesAfter = async (milliseconds: number) => {
      await jest.advanceTimersByTimeAsync(milliseconds);
      return pruned.length;
    };
    expect([await batchesAfter(59_999), await batchesAfter(1)]).toEqual([0, 1]);
    expect([await batchesAfter(249), await batchesAfter(1)]).toEqual([1, 2]);
    expect([await batchesAfter(59_999), told.length, await batchesAfter(1), told.length]).toEqual([2, 0, 3, 1]);
    expect([await batchesAfter(59_999), await batchesAfter(1)]).toEqual([3, 4]);
    cleanup.stop();
    expect(await batchesAfter(120_000)).toBe(4);
    expect(pruned).toEqual(Array.from({ length: 4 }, () => [start - day, 50]));
  });
});
