import type { VerifiedToken } from './verified-token.js';

/**
 * Tokens whose signature was verified before, by their whole text. A forged one never enters.
 *
 * Two generations instead of an eviction per entry: when the young one is full it becomes the old one, and the old one goes.
 * What is still used moves back into the young one. The texts stay on the heap; see the security page.
 */
export class VerifiedTokenCache {
  private young = new Map<string, VerifiedToken>();
  private old = new Map<string, VerifiedToken>();
  private readonly perGeneration: number;

  constructor(capacity = 10_000) {
    this.perGeneration = Math.ceil(capacity / 2);
  }

  get(raw: string): VerifiedToken | undefined {
    const found = this.young.get(raw);
    if (found !== undefined) return found;
    const aged = this.old.get(raw);
    if (aged !== undefined) this.set(aged);
    return aged;
  }

  set(token: VerifiedToken): void {
    if (this.young.size >= this.perGeneration) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(token.raw, token);
  }

  delete(raw: string): void {
    this.young.delete(raw);
    this.old.delete(raw);
  }

  /** When a key leaves the ring, so does all it verified. */
  clear(): void {
    this.young.clear();
    this.old.clear();
  }

  get size(): number {
    return this.young.size + this.old.size;
  }
}
