/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The least value that so large a share of the values does not exceed, such as 0.99. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** `list` begun at its `by`-th member: each round measures in another order, so none is always first. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

/** The same members in an order of chance (Fisher and Yates). */
export function shuffled<T>(list: readonly T[]): T[] {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}

/** What was measured in each round, by name. */
export class Rounds {
  private readonly values = new Map<string, number[]>();

  add(name: string, value: number): void {
    const known = this.values.get(name);
    if (known) known.push(value);
    else this.values.set(name, [value]);
  }

  of(name: string): readonly number[] {
    const values = this.values.get(name);
    if (!values) throw new Error(`nothing was measured as ${name}`);
    return values;
  }

  /** The difference inside each round. */
  difference(name: string, base: string): number[] {
    const bases = this.of(base);
    return this.of(name).map((value, round) => value - bases[round]!);
  }

  /** The ratio inside each round: what the machine does to both in the same minute cancels out. */
  ratio(name: string, base: string): number[] {
    const bases = this.of(base);
    return this.of(name).map((value, round) => value / bases[round]!);
  }
}
