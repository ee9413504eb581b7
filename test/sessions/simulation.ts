import { AuthError } from '../../libs/auth/src/auth.errors.js';
import { stateOf } from '../../libs/auth/src/session/rotation.js';
import type { IssuedSession } from '../../libs/auth/src/session/session-tokens.js';
import type { SessionService } from '../../libs/auth/src/session/session.service.js';
import { isLive } from '../../libs/auth/src/stores/session-life.js';
import { MemoryRevocationStore } from '../../libs/auth/src/stores/memory-revocation.store.js';
import { MemorySessionStore } from '../../libs/auth/src/stores/memory-session.store.js';
import { RevocationList } from '../../libs/auth/src/stores/revocation-list.js';
import { RevocationOptions } from '../../libs/auth/src/stores/revocation.options.js';
import type { Promotion, RefreshTokenRow, SessionEnd, SessionRow } from '../../libs/auth/src/stores/session.store.js';
import { TestClock } from '../../libs/auth/src/testing/test-clock.js';
import type { Random } from '../fuzz/random.js';
import {
  accessLifetime,
  claimsOf,
  idleLifetime,
  leeway,
  openSessions,
  start,
  use,
  wait,
  type Opened,
  type Statement,
} from './session.fixture.js';

/** How far the clock of the second process is behind, and the slowest request: 3 of them and the skew fit in a leeway. */
const skew = 1_000;
const slowest = 3_000;
const tolerance = 120_000;
const mostInFlight = 7;
/** Of the clock: within the slowest request, around the leeway, an access token's life, and towards idle expiry. */
const clockSteps = [1, 200, 1_000, 2_900, leeway - 1, leeway, leeway + 1, 2 * leeway, accessLifetime, idleLifetime / 2];

type Tokens = Pick<IssuedSession, 'refreshToken' | 'accessToken'>;

/** A request on its way: to the server, between two statements there, or back. */
interface Call {
  readonly what: 'refresh' | 'use' | 'signout';
  readonly by: 'tab' | 'thief';
  readonly begunAt: number;
  /** The session had ended before the server heard of it: it must be refused. */
  cameLate: boolean;
  /** The last thing that the store told it is that the session has ended. */
  sawTheEnd: boolean;
  isCrashed: boolean;
}

/** What the scheduler may let happen next. */
interface Pending {
  readonly call: Call;
  happen(): Promise<void>;
  /** The process is gone: perhaps the statement was done, but nobody hears of it. */
  crash(): void;
}

/** A statement of the model was broken. */
export class Broken extends Error {}

/**
 * Tabs that share one cookie jar, perhaps a thief, two processes on one store, and a scheduler that decides by its seed
 * which statement comes next, what is lost and which process dies.
 */
export class Simulation {
  /** What happened, for the message of a failure. */
  readonly trace: string[] = [];
  /** How often each thing happened, to see that a run means something. */
  readonly seen: Record<string, number> = {};

  private readonly clock = new TestClock(start);
  private readonly store = new MemorySessionStore();
  private readonly revocations = new RevocationList(new MemoryRevocationStore(), new RevocationOptions(), this.clock);
  /** One for each process. */
  private readonly clocks: readonly TestClock[];
  private readonly events: Opened['events'][] = [];
  private readonly pending: Pending[] = [];
  private readonly answers: { readonly call: Call; readonly tokens: Tokens | undefined }[] = [];
  private readonly inFlight = new Set<Call>();
  /** All refresh tokens, and the ids of those that were current once. */
  private readonly written: RefreshTokenRow[] = [];
  private readonly promoted: string[] = [];
  private readonly issued = new Map<string, Tokens>();
  private readonly loot: Tokens[] = [];
  private jar: Tokens | undefined;
  private sessionId = '';
  private wasSignedOut = false;
  private crashes = 0;
  private broken: Broken | undefined;

  constructor(
    private readonly random: Random,
    private readonly actors: { readonly thief: boolean; readonly signOut: boolean },
  ) {
    const behind = new (class extends TestClock {
      constructor(private readonly ahead: TestClock) {
        super();
      }
      override now(): number {
        return this.ahead.now() - skew;
      }
    })(this.clock);
    this.clocks = [this.clock, behind];
  }

  async run(steps: number): Promise<void> {
    const first = await this.service().sessions.create('ada');
    this.sessionId = first.session.id;
    this.jar = first;
    this.remember(first);
    this.promoted.push(this.idOf(first));
    for (let step = 0; step < steps; step++) {
      await this.step();
      this.checkUnbroken();
    }
    await this.settle();
    this.checkUnbroken();
    await this.checkTheEnd();
  }

  private async step(): Promise<void> {
    const dice = this.random.below(100);
    if (dice < 40 && this.pending.length > 0) return this.take(this.pending).happen();
    if (dice < 52) return this.deliverOrLose();
    if (dice < 64) return this.tab('refresh');
    if (dice < 76) return this.tab('use');
    if (dice < 78) return this.crashOne();
    if (dice < 79 && this.actors.signOut) return this.tab('signout');
    if (dice < 92 && this.actors.thief) return this.thief();
    return this.moveClock(this.random.pick(clockSteps));
  }

  // ---- actors ----

  private tab(what: Call['what']): void {
    if (this.jar === undefined || this.inFlight.size >= mostInFlight) return;
    // a guard believes an access token a little longer than it lives
    if (what !== 'refresh' && claimsOf(this.jar).exp! * 1000 + tolerance <= this.clock.now()) return;
    this.send('tab', what, this.jar);
  }

  private thief(): void {
    if (this.inFlight.size >= mostInFlight) return;
    const mayCopy = this.jar !== undefined && this.random.oneIn(this.loot.length === 0 ? 2 : 8);
    if (mayCopy) this.loot.push(this.jar!);
    else if (this.loot.length > 0) {
      const tokens = this.random.oneIn(2) ? this.loot.at(-1)! : this.random.pick(this.loot);
      this.send('thief', this.random.pick(['refresh', 'use']), tokens);
    }
  }

  /** The request leaves; the server hears of it when the scheduler lets it arrive. */
  private send(by: Call['by'], what: Call['what'], tokens: Tokens): void {
    const call: Call = { by, what, begunAt: this.clock.now(), cameLate: false, sawTheEnd: false, isCrashed: false };
    const { sessions, seam } = this.service(this.random.pick(this.clocks));
    seam.between = (statement, proceed) => this.schedule(call, statement, proceed);
    this.inFlight.add(call);
    this.note(`${by} sends ${what} ${this.nameOf(tokens)}`);
    const happen = async () => {
      call.cameLate = (await this.row()).revokedAt !== null;
      // what breaks there is kept, and thrown after the step
      void this.serve(call, sessions, tokens).catch(() => {});
      await nextTurn();
    };
    this.pending.push({ call, happen, crash: () => this.inFlight.delete(call) });
  }

  private async serve(call: Call, sessions: SessionService, tokens: Tokens): Promise<void> {
    try {
      if (call.what === 'refresh') await this.answered(call, await sessions.refresh(tokens.refreshToken));
      else {
        if (call.what === 'use') await use(sessions, tokens);
        else await sessions.revoke(this.sessionId, 'signout');
        if (call.what === 'signout' && !call.isCrashed) this.wasSignedOut = true;
        this.inFlight.delete(call);
      }
    } catch (error) {
      this.inFlight.delete(call);
      if (!call.isCrashed && !(error instanceof Broken)) await this.refused(call, error);
    }
  }

  private async answered(call: Call, tokens: Tokens): Promise<void> {
    this.remember(tokens);
    this.note(`${call.by} is answered ${this.nameOf(tokens)}`);
    if (call.cameLate) this.fail('(b) a refresh succeeded that began after the session had ended');
    if (call.sawTheEnd) this.fail('(b) a refresh succeeded that was told of the end of the session');
    if (!call.isCrashed) this.answers.push({ call, tokens });
  }

  private async refused(call: Call, error: unknown): Promise<void> {
    const code = error instanceof AuthError ? error.code : String(error);
    this.note(`${call.by} is refused: ${code}`);
    if (call.what === 'use') this.fail(`confirm() threw ${code}`);
    const { revokedAt, idleExpiresAt, absoluteExpiresAt } = await this.row();
    // in the last second no access token is worth issuing
    const isExpired = Math.min(idleExpiresAt, absoluteExpiresAt - 1000) <= this.clock.now();
    if (code === 'store_unavailable') return;
    const isRight =
      (code === 'token_expired' && isExpired) ||
      (code === 'token_revoked' && revokedAt !== null) ||
      (code === 'token_reused' && this.loot.length > 0 && revokedAt !== null);
    if (!isRight) this.fail(`(a) ${call.by} was refused with ${code}, for no reason`);
    if (call.by === 'tab') this.answers.push({ call, tokens: undefined });
  }

  private deliverOrLose(): void {
    if (this.answers.length === 0) return;
    const { call, tokens } = this.take(this.answers);
    this.inFlight.delete(call);
    const isLost = this.random.oneIn(4);
    this.note(`${call.by} ${isLost ? 'loses' : 'gets'} ${tokens === undefined ? 'a 401' : this.nameOf(tokens)}`);
    if (isLost) return;
    // the answer that is written last wins
    if (call.by === 'tab') this.jar = tokens;
    else if (tokens !== undefined) this.loot.push(tokens);
  }

  // ---- the scheduler ----

  /** A statement waits until it is its turn. */
  private schedule(call: Call, { name, args }: Statement, proceed: () => Promise<unknown>): Promise<unknown> {
    const execute = async () => {
      const answer = await this.executed(name, args, proceed);
      if (name === 'find') call.sawTheEnd = (answer as SessionRow).revokedAt !== null;
      return answer;
    };
    if (call.isCrashed) return Promise.reject(new Error('the process is gone'));
    return new Promise((resolve, reject) => {
      const happen = async () => {
        resolve(await execute());
        await nextTurn();
      };
      const crash = () => reject(new Error('the process is gone'));
      this.pending.push({ call, happen, crash });
    });
  }

  /** A service of its own for each request shows whose statement comes. It keeps nothing between two of them. */
  private service(clock = this.clock): Opened {
    const opened = openSessions({ store: this.store, revocations: this.revocations }, {}, clock);
    opened.seam.between = ({ name, args }, proceed) => this.executed(name, args, proceed);
    this.events.push(opened.events);
    return opened;
  }

  private async executed(name: string, args: readonly unknown[], proceed: () => Promise<unknown>): Promise<unknown> {
    const before = name === 'promote' ? await this.accepted((args[0] as Promotion).now) : [];
    const row = await this.store.find(this.sessionId);
    const answer = await proceed();
    this.note(`  ${name}${answer === true || answer === false ? ` ${answer}` : ''}`);
    if (name === 'create' || name === 'addToken') this.written.push(args.at(-1) as RefreshTokenRow);
    if (name === 'promote' && answer === true) {
      const { now, seen, to } = args[0] as Promotion;
      this.promoted.push(to);
      if (!isLive(row!, now)) this.fail('(b) a session that had ended was moved');
      if (this.written.find(({ id }) => id === to)?.parentId !== seen) this.count('promote sideways');
      for (const at of [now, now + leeway]) {
        const after = await this.accepted(at);
        if (!before.every((id) => after.includes(id)))
          this.fail('(e) a rotation turned an accepted token into a reused one');
      }
    }
    return answer;
  }

  private async crashOne(): Promise<void> {
    if (this.pending.length === 0) return;
    const pending = this.take(this.pending);
    this.note(`a process dies in a ${pending.call.what} of the ${pending.call.by}`);
    pending.call.isCrashed = true;
    this.crashes += 1;
    // the statement may have been done before
    if (this.random.oneIn(2)) await pending.happen();
    pending.crash();
    await nextTurn();
    this.inFlight.delete(pending.call);
  }

  /** No request takes longer than the slowest: what is on its way comes to its end before. */
  private async moveClock(by: number): Promise<void> {
    const oldest = Math.min(...[...this.inFlight].map(({ begunAt }) => begunAt));
    if (this.clock.now() + by > oldest + slowest) await this.settle();
    wait(this.clock, by);
    this.note(`${by} ms pass`);
  }

  private async settle(): Promise<void> {
    while (this.pending.length > 0) await this.take(this.pending).happen();
    while (this.answers.length > 0) this.deliverOrLose();
  }

  // ---- the model ----

  private async checkTheEnd(): Promise<void> {
    const { revokedAt, revokeReason, idleExpiresAt, absoluteExpiresAt } = await this.row();
    this.note('the end');
    this.checkEvents(revokeReason);
    if (this.wasSignedOut && revokedAt === null) this.fail('(b) a session that was signed out lives');
    if (revokedAt !== null) {
      if (revokeReason === 'reuse' && this.loot.length === 0) this.fail('(a) a session ended by reuse without a thief');
      return this.checkNobodyIsAnswered();
    }
    const end = Math.min(idleExpiresAt, absoluteExpiresAt);
    if (end <= this.clock.now()) return this.checkNobodyIsAnswered();
    if (this.loot.length === 0) await this.checkTheJarGoesOn();
    if (end > this.clock.now() + 2 * leeway) await this.checkOneBranchLives();
  }

  /** C8: one event of a reuse, where no process died before it was told; and never one of another end. */
  private checkEvents(reason: SessionEnd | null): void {
    const names = this.events.flat().map(({ name }) => name);
    const reuses = names.filter((name) => name === 'session.reused').length;
    const ends = names.filter((name) => name === 'revoked').length;
    // a process that died between the two writes of an end has told of it, and the next one ends the session
    if (reuses > (reason === 'reuse' ? 1 : 0) || ends > (reason === null && this.crashes === 0 ? 0 : 1))
      this.fail(`C8 ${reuses} events of a reuse, ${ends} of an end by ${reason}`);
    if (this.crashes === 0 && (reuses < (reason === 'reuse' ? 1 : 0) || ends < (reason === null ? 0 : 1)))
      this.fail(`C8 no event of the end by ${reason}`);
  }

  private async checkNobodyIsAnswered(): Promise<void> {
    for (const tokens of this.issued.values()) {
      const code = await this.ask(tokens);
      if (code === 'ok') this.fail(`(b) ${this.nameOf(tokens)} is answered after the end of its session`);
    }
  }

  private async checkTheJarGoesOn(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      const { idleExpiresAt, absoluteExpiresAt } = await this.row();
      if (Math.min(idleExpiresAt, absoluteExpiresAt) <= this.clock.now()) return;
      // told that its session was idle for too long, in the second in which the slower clock kept it alive
      if (this.jar === undefined) return;
      const { sessions } = this.service();
      const next = await sessions.refresh(this.jar.refreshToken).catch((error: AuthError) => {
        if (error.code === 'token_expired') return undefined;
        return this.fail(`(a) the jar cannot refresh: ${error.code}`);
      });
      if (next === undefined) return;
      this.remember(next);
      await use(sessions, next);
      this.jar = next;
      wait(this.clock, this.random.pick([0, 1, leeway, leeway + 1]));
    }
  }

  /** Of all that were ever used, after the leeway the current one alone is answered: every other one is a reuse. */
  private async checkOneBranchLives(): Promise<void> {
    wait(this.clock, leeway + skew + 1);
    const session = await this.row();
    const accepted = await this.accepted(this.clock.now());
    const overtaken = this.promoted.filter((id) => id !== session.currentId);
    if (overtaken.some((id) => accepted.includes(id))) this.fail('(c) a token that was overtaken lives on');
    const old = overtaken.flatMap((id) => this.issued.get(id) ?? []);
    if (old.length === 0 || session.revokedAt !== null || session.idleExpiresAt <= this.clock.now()) return;
    const [code, live] = [await this.ask(this.random.pick(old)), this.issued.get(session.currentId)];
    if (code !== 'token_reused') this.fail(`(c) a token of another branch was told ${code}`);
    if (live !== undefined && (await this.ask(live)) !== 'token_revoked') this.fail('(c) the live branch survived');
  }

  /** The ids of all tokens that a refresh would not take for reused. */
  private async accepted(now: number): Promise<string[]> {
    const states = await Promise.all(
      this.written.map(async ({ tokenHash }) => {
        const rows = await this.store.rotationRows(this.sessionId, tokenHash);
        return rows === undefined ? 'unknown' : stateOf(rows, now, leeway);
      }),
    );
    for (const state of states) this.count(state);
    return this.written.filter((_token, index) => states[index] !== 'reused').map(({ id }) => id);
  }

  private ask({ refreshToken }: Tokens): Promise<string> {
    return this.service()
      .sessions.refresh(refreshToken)
      .then(
        () => 'ok',
        (error: AuthError) => error.code,
      );
  }

  private async row(): Promise<SessionRow> {
    return (await this.store.find(this.sessionId))!;
  }

  private remember(tokens: Tokens): void {
    this.issued.set(this.idOf(tokens), { refreshToken: tokens.refreshToken, accessToken: tokens.accessToken });
  }

  private idOf(tokens: Tokens): string {
    return claimsOf(tokens)['rti'] as string;
  }

  /** r0 is the first token, rN the N-th that was answered. */
  private nameOf(tokens: Tokens): string {
    return `r${[...this.issued.keys()].indexOf(this.idOf(tokens))}`;
  }

  private take<T>(from: T[]): T {
    return from.splice(this.random.below(from.length), 1)[0]!;
  }

  private note(line: string): void {
    this.trace.push(line);
    this.count(line.trim().replace(/ r\d+$/, ''));
  }

  private count(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }

  private fail(what: string): never {
    this.broken ??= new Broken(`${what}\n${this.trace.join('\n')}`);
    throw this.broken;
  }

  private checkUnbroken(): void {
    if (this.broken !== undefined) throw this.broken;
  }
}

const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));
