import type { SigningKeyRow } from './signing-key.store.js';
import { SigningKeyStore } from './signing-key.store.js';

/** The signing keys of one process: they end with it, and so do the tokens they signed. */
export class MemorySigningKeyStore extends SigningKeyStore {
  readonly #rows = new Map<number, SigningKeyRow>();

  async list(): Promise<SigningKeyRow[]> {
    return [...this.#rows.values()].toSorted((one, other) => one.generation - other.generation);
  }

  async add(row: SigningKeyRow): Promise<boolean> {
    if (this.#rows.has(row.generation)) return false;
    this.#rows.set(row.generation, { ...row });
    return true;
  }

  async remove(generations: readonly number[]): Promise<void> {
    for (const generation of generations) this.#rows.delete(generation);
  }
}
