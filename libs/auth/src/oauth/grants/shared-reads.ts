/**
 * Reads of one thing at the same time. Whoever comes while one is under way shares the next: it begins after all that share it have
 * come, so nobody gets what was older when they asked.
 */
export class SharedReads<T> {
  private readonly running = new Map<string, Promise<T>>();
  private readonly waiting = new Map<string, Promise<T>>();

  read(name: string, work: () => Promise<T>): Promise<T> {
    const running = this.running.get(name);
    if (running === undefined) return this.begin(name, work);
    const known = this.waiting.get(name);
    if (known !== undefined) return known;
    const next = running
      .catch(() => {})
      .then(() => {
        this.waiting.delete(name);
        return this.begin(name, work);
      });
    this.waiting.set(name, next);
    return next;
  }

  private begin(name: string, work: () => Promise<T>): Promise<T> {
    const read = work().finally(() => {
      if (this.running.get(name) === read) this.running.delete(name);
    });
    this.running.set(name, read);
    return read;
  }
}
