/** Something to time. It gets 0, 1, 2 … over the whole run, so it can take another token each time. */
export interface Operation {
  readonly name: string;
  readonly run: (index: number) => unknown;
  /** Answers with a promise each time, which is awaited. */
  readonly waits?: boolean;
}

const batchNanoseconds = 200e6;

/** Times one operation in batches of about 0.2 s. */
export class Stopwatch {
  private index = 0;
  private batch = 64;

  constructor(readonly operation: Operation) {}

  /** Let the compiler see the operation, and find out how many make a batch. */
  async warmUp(): Promise<void> {
    for (let spent = 0; spent < batchNanoseconds * 2;) {
      const each = await this.nanoseconds();
      spent += each * this.batch;
      this.batch = Math.max(16, Math.min(this.batch * 4, Math.round(batchNanoseconds / each)));
    }
  }

  /** The mean time of one operation over a batch. */
  async nanoseconds(): Promise<number> {
    const start = process.hrtime.bigint();
    await (this.operation.waits ? this.runWaiting() : this.run());
    return Number(process.hrtime.bigint() - start) / this.batch;
  }

  private run(): void {
    for (let left = this.batch; left > 0; left--) this.operation.run(this.index++);
  }

  private async runWaiting(): Promise<void> {
    for (let left = this.batch; left > 0; left--) await this.operation.run(this.index++);
  }
}
