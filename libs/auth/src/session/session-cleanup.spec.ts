import { MemorySessionStore } from '../stores/memory-session.store.js';
import { idleLifetime, openSessions, start } from '../../../../test/sessions/session.fixture.js';
import { SessionCleanup } from './session-cleanup.js';

const day = 86_400_000;

describe('SessionCleanup', () => {
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
    const { clock } = openSessions();
    const cleanup = new SessionCleanup([store], clock, (error) => told.push(error));
    expect(await cleanup.tick()).toBe(250);
    expect(await cleanup.tick()).toBe(60_000);
    expect(told).toEqual([]);
    expect(await cleanup.tick()).toBe(60_000);
    expect(told).toHaveLength(1);
    expect(pruned).toEqual(Array.from({ length: 3 }, () => [start - day, 50]));
  });
});
