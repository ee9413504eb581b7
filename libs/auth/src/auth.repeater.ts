/** Does something again and again, one turn after the other. Keeps no process alive. */
export class Repeater {
  private timer: NodeJS.Timeout | undefined;
  private isAtWork = false;

  /**
   * @param work may reject: its next turn comes all the same.
   * @param delay milliseconds from the end of one turn to the next, asked each time.
   */
  constructor(
    private readonly work: () => Promise<unknown>,
    private readonly delay: () => number,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** The first turn comes after a delay. */
  start(): void {
    this.timer = setTimeout(() => void this.turn(), this.delay());
    this.timer.unref();
  }

  /** A turn that has begun goes on; none comes after it. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** The delay has become shorter: ask for it again. While at work it is asked anyway. */
  hasten(): void {
    if (this.timer === undefined || this.isAtWork) return;
    clearTimeout(this.timer);
    this.start();
  }

  private async turn(): Promise<void> {
    this.isAtWork = true;
    try {
      await this.work();
    } catch (error) {
      this.onFailure(error);
    } finally {
      this.isAtWork = false;
      if (this.timer !== undefined) this.start();
    }
  }
}
