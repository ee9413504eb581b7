import type { VerifiedToken } from './verified-token.js';

/**
 * Tokens whose signature was verified before, by their whole text. A forged one never enters.
 *
 * A map hashes the whole of a key it has not seen, which for a token costs more than all other checks together: entries are
 * found by the end of the text, a part of the signature, and count only when the whole text is equal.
 *
 * Two generations instead of an eviction per entry: when the young one is full it becomes the old one, and the old one goes.
 * What is still used moves back into the young one. The texts stay on the heap, so
 * a heap dump holds tokens that are valid, as the requests in flight do.
 */
export class VerifiedTokenCache {
  private young = new Map<string, VerifiedToken>();
  private old = new Map<string, VerifiedToken>();
  private readonly perGeneration: number;

  constructor(capacity = 10_000) {
    this.perGeneration = Math.ceil(capacity / 2);
  }

  get(raw: string): VerifiedToken | undefined {
    const end = endOf(raw);
    const found = this.young.get(end);
    if (found !== undefined) return found.raw === raw ? found : undefined;
    const aged = this.old.get(end);
    if (aged === undefined || aged.raw !== raw) return undefined;
    this.set(aged);
    return aged;
  }

  set(token: VerifiedToken): void {
    if (this.young.size >= this.perGeneration) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(endOf(token.raw), token);
  }

  delete(raw: string): void {
    if (this.get(raw) === undefined) return;
    this.young.delete(endOf(raw));
    this.old.delete(endOf(raw));
  }

  clear(): void {
    this.young = new Map();
    this.old = new Map();
  }

  get size(): number {
    return this.young.size + this.old.size;
  }
}

/** 12 characters of the signature: some 70 bits that nobody chooses without the key. V8 copies and hashes no longer text as fast. */
function endOf(raw: string): string {
  return raw.slice(-12);
}
