import { createPrivateKey } from 'node:crypto';
import { AuthError } from '../auth.errors.js';
import type { Clock } from '../auth.clock.js';
import { Repeater } from '../auth.repeater.js';
import type { Sealer, SealPlace } from '../auth.sealer.js';
import type { JwtAlgorithm } from '../jwt/algorithms.js';
import { generatePrivateKey } from '../jwt/generate-key.js';
import type { KeyRing } from '../jwt/key-ring.js';
import { createJwtKey, type JwtKey } from '../jwt/keys.js';
import type { SigningKeyRow, SigningKeyStore } from '../stores/signing-key.store.js';
import { asking } from '../stores/store-answer.js';
import { agreedWithin, dueKey, keySchedule, publishedFor, readEvery, turnHere, type TurnOf } from './key-schedule.js';

/** What `jwt.managedKeys` comes to. */
export interface SigningKeysParts {
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly store: SigningKeyStore;
  readonly sealer: Sealer;
  /** Of keys that are made from now on. */
  readonly algorithm: JwtAlgorithm;
  /** Milliseconds. */
  readonly rotateEvery: number;
  /** Milliseconds, see {@link keySchedule}. */
  readonly overlap: number;
  readonly onFailure: (error: unknown) => void;
}

/** A key that has been made, and when it begins to sign. */
export interface NextSigningKey {
  readonly kid: string;
  readonly signsFrom: Date;
}

/** Rows deleted in one statement. */
const batch = 100;

/**
 * Keeps the key ring at what the store holds, and makes the next key when it is due.
 *
 * Any instance may make it; the store lets one through, and the others read what it wrote. Every change is written before
 * its time and takes place by the clock: instances that have read it change together, and a token never meets one that does
 * not know its key. Clocks may differ by a minute; the end of compromised keys, which is sooner, does not rely on that.
 *
 * While the store cannot be asked, the keys known last go on by the clock. Only after `publishedFor` could there be a key
 * that signs elsewhere and is unknown here: from then on nothing is issued. So it is while a key does not open; but what
 * the rows say was ended or deleted is not accepted any more.
 */
export class SigningKeys {
  /** Genuine: all that are in use have opened. */
  private rows: readonly SigningKeyRow[] = [];
  /** As last read. Where one of them does not open, they only take keys out. */
  private told: readonly SigningKeyRow[] = [];
  private toldAt = -Infinity;
  /** Of the keys that end the older ones, by generation: the turn by this clock. */
  private turns: ReadonlyMap<number, number> = new Map();
  private opened: ReadonlyMap<string, JwtKey> = new Map();
  /** By both clocks, in milliseconds: that of the application, and the monotonic one. */
  private readAt: readonly [wall: number, monotonic: number] = [-Infinity, -Infinity];
  private readonly rounds: Repeater;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: SigningKeysParts) {
    this.rounds = new Repeater(
      () => this.tick(),
      () => this.untilNext(),
      parts.onFailure,
    );
  }

  /** Read the keys and go on reading. Rejects when that fails: the application must not listen then. */
  async start(): Promise<void> {
    await this.tick();
    this.rounds.start();
  }

  stop(): void {
    this.rounds.stop();
  }

  /** Read the keys, make the next one when it is due, delete dead ones. Rejects when the store cannot be asked or a key opened. */
  tick(): Promise<void> {
    return this.inTurn(async () => {
      try {
        const rows = await this.read();
        const due = dueKey(rows, this.parts.clock.now(), this.parts.rotateEvery);
        if (due !== undefined) {
          await this.add({ ...due, endsOlder: false });
          await this.read();
        }
        await this.removeDead();
      } finally {
        this.apply();
      }
    });
  }

  /**
   * Begin the next key ahead of time: it signs once it was published for long enough, and tokens of the older ones live on.
   * Where one is on its way already, nothing is to be done.
   *
   * @param compromised the older keys may be in the wrong hands: they end, with every token they signed, as soon as all
   *   instances can know: `agreedWithin` from now, and by a clock that differs up to `readEvery` sooner or later.
   * @throws AuthError `store_unavailable`; then nothing is promised.
   */
  rotate({ compromised = false }: { compromised?: boolean } = {}): Promise<NextSigningKey> {
    return this.inTurn(async () => {
      // another instance may take the generation for a key that does not end the older ones: then once more
      for (let attempt = 0; attempt < 5; attempt++) {
        const newest = (await this.read()).at(-1);
        const now = this.parts.clock.now();
        if (newest !== undefined && newest.signsFrom > now && (newest.endsOlder || !compromised))
          return { kid: newest.kid, signsFrom: new Date(newest.signsFrom) };
        const signsFrom = now + (compromised ? agreedWithin : publishedFor);
        const generation = (newest?.generation ?? 0) + 1;
        await this.add({ generation, signsFrom, endsOlder: compromised });
      }
      throw new AuthError('store_unavailable', { reason: 'other keys were written in between, again and again' });
    });
  }

  private async read(): Promise<readonly SigningKeyRow[]> {
    const { clock, store, overlap } = this.parts;
    const asked = clock.now();
    const readAt = [asked, performance.now()] as const;
    const rows = await asking(store.list());
    this.hear(rows, asked);
    if (rows.length === 0) return rows;
    const { signing, verifying } = keySchedule(rows, asked, overlap, this.turnOf);
    // all of them or none: with some, the ring would look whole
    this.opened = new Map([signing, ...verifying].map((row) => [identityOf(row), this.open(row)]));
    this.rows = rows;
    this.readAt = readAt;
    this.apply();
    return rows;
  }

  private hear(rows: readonly SigningKeyRow[], asked: number): void {
    const turnOf = (row: SigningKeyRow) => this.turns.get(row.generation) ?? turnHere(row, this.toldAt, asked);
    this.turns = new Map(rows.filter((row) => row.endsOlder).map((row) => [row.generation, turnOf(row)]));
    [this.told, this.toldAt] = [rows, asked];
  }

  private readonly turnOf: TurnOf = (row) => this.turns.get(row.generation) ?? row.signsFrom;

  /** The ring, as the known rows and the clock have it, without the keys that the rows last read have ended. */
  private apply(): void {
    if (this.rows.length === 0) return;
    const { clock, ring, overlap } = this.parts;
    const now = clock.now();
    const { signing, verifying } = keySchedule(this.rows, now, overlap, this.turnOf);
    const standing = [signing, ...verifying].filter((row) => this.stands(row, now));
    // what signs in place of it is sealed from us
    const cannotSign = !standing.includes(signing);
    const keys = standing.map((row) => this.open(row));
    ring.replace(keys, () => cannotSign || this.age() > publishedFor);
  }

  /**
   * Is a key still there and not ended, by rows that need not be genuine? After a theft the encryption key is changed too, and
   * who lacks the new one must not accept the stolen key for that. Who forges rows gains an outage, as by deleting them.
   */
  private stands({ kid, generation }: SigningKeyRow, now: number): boolean {
    const isEnded = this.told.some((row) => row.endsOlder && row.generation > generation && this.turnOf(row) <= now);
    return !isEnded && this.told.some((row) => row.kid === kid);
  }

  /** By the clock that says more: one can be set back, the other stands still while the machine sleeps. */
  private age(): number {
    const [wall, monotonic] = this.readAt;
    return Math.max(this.parts.clock.now() - wall, performance.now() - monotonic);
  }

  private open(row: SigningKeyRow): JwtKey {
    const known = this.opened.get(identityOf(row));
    if (known !== undefined) return known;
    const der = Buffer.from(this.parts.sealer.open(row.sealed, placeOf(row)), 'base64');
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return createJwtKey('jwt.managedKeys', { kid: row.kid, algorithm: row.algorithm as JwtAlgorithm, key });
  }

  private async add(planned: Pick<SigningKeyRow, 'generation' | 'signsFrom' | 'endsOlder'>): Promise<void> {
    const { clock, store, sealer, algorithm } = this.parts;
    const privateKey = await generatePrivateKey(algorithm);
    const kid = createJwtKey('jwt.managedKeys', { algorithm, key: privateKey }).kid!;
    const row = { ...planned, kid, algorithm, createdAt: clock.now() };
    const text = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    await asking(store.add({ ...row, sealed: sealer.seal(text, placeOf(row)) }));
  }

  private async removeDead(): Promise<void> {
    if (this.rows.length === 0) return;
    const { clock, store, overlap } = this.parts;
    const { dead } = keySchedule(this.rows, clock.now(), overlap, this.turnOf);
    if (dead.length > 0) await asking(store.remove(dead.slice(0, batch).map(({ generation }) => generation)));
  }

  /** One after the other: an answer that comes late must not undo a newer one. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => {});
    return result;
  }

  /** In time for what the clock changes. */
  private untilNext(): number {
    const { clock, overlap } = this.parts;
    if (this.told.length === 0) return readEvery;
    const now = clock.now();
    const { changesAt } = keySchedule(this.told, now, overlap, this.turnOf);
    return Math.min(Math.max(changesAt - now, 1_000), readEvery);
  }
}

/** The whole row but for what is sealed: none of it can be changed, nor the text be put into another one (ASVS 11.3). */
function placeOf(row: Omit<SigningKeyRow, 'sealed'>): SealPlace {
  const { generation, kid, algorithm, createdAt, signsFrom, endsOlder } = row;
  return ['signing key', generation, kid, algorithm, createdAt, signsFrom, endsOlder];
}

/** A row that was changed since it was opened is another one, which does not open. */
function identityOf(row: SigningKeyRow): string {
  return JSON.stringify([...placeOf(row), row.sealed]);
}
