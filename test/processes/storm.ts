import { setTimeout as wait } from 'node:timers/promises';
import type { SessionResponse } from 'nest-latchkey';
import type { Random } from '../fuzz/random.js';
import { AppProcess, type Outcome } from './app-process.js';
import type { ProcessOptions } from './app.messages.js';

/** The library's default, and a step of the clock beyond it, in milliseconds. */
const beyondTheLeeway = 11_000;
const beyondTheWait = 61_000;
const parallel = 50;
/** Of these, when nobody dies: all of them, but for what a machine under load keeps waiting for too long. */
const leastAnswered = 40;
/** Statements of a refresh: the place of a death within it is drawn from these. */
const statementsOfRefresh = 4;

type Tokens = Pick<SessionResponse, 'access_token' | 'refresh_token' | 'sid'>;

/** A promise of the sessions was broken. */
export class Broken extends Error {}

/**
 * Processes on one database, killed at random, and clients that do what clients do: refresh one token at once from everywhere,
 * use what they got, ask again when no answer came. And a thief, in the end.
 *
 * Every choice comes of the seed. How the processes interleave does not: two runs of one seed are alike, not the same.
 */
export class Storm {
  /** How often each thing happened, to see that a run means something. */
  readonly seen: Record<string, number> = {};
  private processes: AppProcess[] = [];
  private spare: Promise<AppProcess> | undefined;
  private clockOffset = 0;
  /** Deaths at a moment of their own that are still to come. */
  private deaths: Promise<void>[] = [];

  constructor(
    private readonly options: ProcessOptions,
    private readonly count: number,
    private readonly random: Random,
  ) {}

  async start(): Promise<void> {
    this.processes = await Promise.all(Array.from({ length: this.count }, () => AppProcess.start(this.options)));
    this.spare = AppProcess.start(this.options);
  }

  async stop(): Promise<void> {
    for (const one of [...this.processes, await this.spare]) await one?.kill();
  }

  /** @throws Broken */
  async round(): Promise<void> {
    const first = await this.logIn();
    const received = await this.refreshFromEverywhere(first);
    const jar = await this.useInTwoTabs(received);
    const last = await this.goOn(jar);
    const all = [first, ...received, jar, last];
    const ends = [
      () => this.replay(this.random.pick(received), all),
      () => this.signOut(last, all),
      () => this.replay(first, all),
    ];
    await ends[(this.seen['round'] ?? 0) % ends.length]!();
    this.note('round');
  }

  /** Has it killed whom it meant to kill? @throws Broken */
  checkDeaths(): void {
    const { died = 0, 'killed at any time': killed = 0 } = this.seen;
    if (died <= killed) throw new Broken(`nobody died at a statement: ${died} deaths, ${killed} at any time`);
  }

  private async logIn(): Promise<Tokens> {
    const outcome = await this.any().create(`ada-${this.random.below(1e9)}`);
    if (!outcome.ok) throw new Broken(`a log-in was refused: ${outcome.code}`);
    return outcome.value;
  }

  /** FT-08, RR-01, RR-04: 50 refreshes of one token, in all processes at once; one of them may die among its statements. */
  private async refreshFromEverywhere(first: Tokens): Promise<Tokens[]> {
    const isDoomed = await this.doomRefreshes();
    const answers = await Promise.all(
      Array.from({ length: parallel }, (_, at) => this.processes[at % this.count]!.refresh(first.refresh_token!)),
    );
    for (const answer of answers) this.mayBeLost(answer, 'a refresh of the current token');
    const received = answers.filter((answer) => answer.ok).map(({ value }) => value);
    if (!isDoomed && received.length < leastAnswered)
      throw new Broken(`nobody died, and ${parallel - received.length} of ${parallel} refreshes were not answered`);
    await this.replaceTheDead();
    // at least one client must get on, however many answers were lost
    return received.length > 0
      ? received
      : [await this.insist('the retry of a lost refresh', (one) => one.refresh(first.refresh_token!))];
  }

  /** In the first round for certain, in the second nobody: a run that has not seen both proves little. */
  private async doomRefreshes(): Promise<boolean> {
    const { round = 0 } = this.seen;
    const each = Math.floor(parallel / this.count);
    if (round === 0) return this.doomAt(1 + this.random.below(each));
    return round > 1 && this.doom(each * (statementsOfRefresh - 1));
  }

  /** S26: two tabs use what each got, in two processes at once. Their one cookie jar keeps the tokens of either, and goes on. */
  private async useInTwoTabs(received: readonly Tokens[]): Promise<Tokens> {
    const tabs = [this.random.pick(received), this.random.pick(received)];
    await this.doom(statementsOfRefresh);
    const [one, other] = this.two();
    const uses = await Promise.all([
      one.use(tabs[0]!.access_token),
      other.use(tabs[1]!.access_token),
      other.use(tabs[0]!.access_token),
    ]);
    for (const outcome of uses) this.mayBeLost(outcome, 'the first use of an access token');
    await this.replaceTheDead();
    const kept = this.random.pick(tabs);
    return this.insist('a refresh by the tab that was overtaken, or was not', (process) =>
      process.refresh(kept.refresh_token!),
    );
  }

  /** FT-01, FT-09b: one client alone, whose processes die under it; it asks again with what it holds. */
  private async goOn(jar: Tokens): Promise<Tokens> {
    let held = jar;
    for (let turn = 0; turn < 2; turn++) {
      await this.insist('the use of an access token', (process) => process.use(held.access_token));
      await this.later(beyondTheLeeway);
      await this.doom(statementsOfRefresh);
      held = await this.insist('a refresh', (process) => process.refresh(held.refresh_token!));
    }
    await this.insist('the use of an access token', (process) => process.use(held.access_token));
    await this.later(beyondTheLeeway);
    return held;
  }

  /** RR-02, RR-06, RR-10: a token of the past comes back, to all processes at once. The session ends, once, for everybody. */
  private async replay(stolen: Tokens, all: readonly Tokens[]): Promise<void> {
    const before = await this.reuses();
    const isDoomed = await this.doom(statementsOfRefresh);
    const outcomes = await Promise.all(
      this.processes.flatMap((one) => [one.refresh(stolen.refresh_token!), one.refresh(stolen.refresh_token!)]),
    );
    for (const outcome of outcomes) {
      if (outcome.ok) throw new Broken('a token of the past was answered');
      if (!['token_reused', 'token_revoked', 'lost', 'store_unavailable'].includes(outcome.code))
        throw new Broken(`a token of the past was answered with ${outcome.code}`);
    }
    // whoever was to end the session may have died: the next that sees the token does it
    await this.refusal('a token of the past', (one) => one.refresh(stolen.refresh_token!));
    if (!isDoomed && (await this.reuses()) - before !== 1) throw new Broken('a reuse was not told of exactly once');
    await this.replaceTheDead();
    await this.expectEnded(all);
    this.note('reuse');
  }

  /** RR-07: log-out and refreshes at once. Log-out wins. */
  private async signOut(last: Tokens, all: readonly Tokens[]): Promise<void> {
    await this.doom(statementsOfRefresh);
    const [outcome, ...refreshes] = await Promise.all([
      this.any().revokeSession(last.sid),
      ...Array.from({ length: 10 }, (_, at) => this.processes[at % this.count]!.refresh(last.refresh_token!)),
    ]);
    if (!outcome.ok) await this.insist('the retry of a log-out', (one) => one.revokeSession(last.sid));
    const gained = refreshes.filter((one) => one.ok).map(({ value }) => value);
    await this.replaceTheDead();
    await this.expectEnded([...all, ...gained]);
    this.note('sign-out');
  }

  /** Nothing that the session ever gave is good for anything, in any process, and asking does no more harm. */
  private async expectEnded(all: readonly Tokens[]): Promise<void> {
    const before = await this.reuses();
    const some =
      all.length < 8 ? all : [all[0]!, all.at(-1)!, ...Array.from({ length: 6 }, () => this.random.pick(all))];
    for (const one of this.processes) {
      for (const { access_token, refresh_token } of some) {
        for (const outcome of await Promise.all([one.refresh(refresh_token!), one.askStore(access_token)])) {
          if (outcome.ok || outcome.code !== 'token_revoked')
            throw new Broken(`the session had ended, and answered ${outcome.ok ? 'yes' : outcome.code}`);
        }
      }
    }
    if ((await this.reuses()) !== before) throw new Broken('a session ended twice');
  }

  /** One of the processes will die: at a statement, before or after it is done, or at any time. @returns will it? */
  private async doom(statements: number): Promise<boolean> {
    if (!this.random.oneIn(2)) return false;
    if (!this.random.oneIn(3)) return this.doomAt(1 + this.random.below(Math.ceil(statements)));
    const [victim, delay] = [this.random.pick(this.processes), this.random.below(40)];
    this.deaths.push(wait(delay).then(() => victim.kill()));
    this.note('killed at any time');
    return true;
  }

  private async doomAt(statement: number): Promise<true> {
    await this.random.pick(this.processes).dieAt(statement, this.random.oneIn(2));
    this.note('doomed at a statement');
    return true;
  }

  /** An answer that a client must get: when none came, it asks again with the same token. */
  private async insist<T>(what: string, ask: (process: AppProcess) => Promise<Outcome<T>>): Promise<T> {
    for (let attempt = 0; attempt < 10; attempt++) {
      const outcome = await ask(this.any());
      if (outcome.ok) return outcome.value;
      this.mayBeLost(outcome, what);
      if (outcome.code === 'too_many_refreshes') await this.later(beyondTheWait);
      await this.replaceTheDead();
    }
    throw new Broken(`${what} was never answered`);
  }

  private async refusal(what: string, ask: (process: AppProcess) => Promise<Outcome<unknown>>): Promise<void> {
    for (let attempt = 0; attempt < 10; attempt++) {
      const outcome = await ask(this.any());
      if (outcome.ok) throw new Broken(`${what} was answered`);
      if (['token_reused', 'token_revoked'].includes(outcome.code)) return;
      this.mayBeLost(outcome, what);
      await this.replaceTheDead();
    }
    throw new Broken(`${what} was never refused`);
  }

  /** What a client may meet without having lost anything. Everything else logs somebody out. */
  private mayBeLost(outcome: Outcome<unknown>, what: string): void {
    if (outcome.ok) return;
    if (!['lost', 'store_unavailable', 'too_many_refreshes'].includes(outcome.code))
      throw new Broken(`${what} was refused: ${outcome.code}`);
    this.note(outcome.code);
  }

  private async later(milliseconds: number): Promise<void> {
    await this.replaceTheDead();
    this.clockOffset += milliseconds;
    for (const one of this.processes) await one.setClock(this.clockOffset);
  }

  /** RR-06: what a process knew is gone with it. */
  private async replaceTheDead(): Promise<void> {
    await Promise.all(this.deaths.splice(0));
    // who has outlived its doom is pardoned
    for (const one of this.processes) await one.dieAt(0, false);
    for (const [at, one] of this.processes.entries()) {
      if (!one.isDead) continue;
      this.note('died');
      this.processes[at] = await this.spare!;
      await this.processes[at].setClock(this.clockOffset);
      this.spare = AppProcess.start(this.options);
    }
  }

  private async reuses(): Promise<number> {
    const told = await Promise.all(this.processes.map((one) => one.events()));
    return told.flatMap((one) => (one.ok ? one.value : [])).filter((name) => name === 'session.reused').length;
  }

  private any(): AppProcess {
    return this.random.pick(this.processes);
  }

  private two(): [AppProcess, AppProcess] {
    const at = this.random.below(this.count);
    return [this.processes[at]!, this.processes[(at + 1) % this.count]!];
  }

  private note(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }
}
