import { randomUUID } from 'node:crypto';
import { strictEqual } from 'node:assert/strict';

type Mirror = typeof import('../../../libs/auth/dist/stores/revocation-mirror.js');

/** It has no public name, so it is a module of the build, before it is bundled. */
const { RevocationMirror } = (await import(
  new URL('../build/stores/revocation-mirror.js', import.meta.resolve('nest-latchkey')).href
)) as Mirror;

const count = 1_000_000;
const mirror = new RevocationMirror();

/** How many megabytes the heap grows when 1,000,000 sessions are revoked. */
function measure(): number {
  const before = heapUsed();
  const now = Date.now();
  for (let left = count; left > 0; left--)
    mirror.add({ kind: 'sid', id: randomUUID(), notBefore: 0, revokedAt: now, expiresAt: now + 900_000 + left });
  const grown = heapUsed() - before;
  strictEqual(mirror.size('sid'), count);
  return grown / 2 ** 20;
}

function heapUsed(): number {
  for (let times = 0; times < 3; times++) globalThis.gc!();
  return process.memoryUsage().heapUsed;
}

process.send!(measure(), () => process.exit());
