import { IsOptional } from 'class-validator';
import { IsDuration, type Duration } from '../auth.durations.js';
import type { EncryptionKey } from '../auth.sealer.js';

/** The options `jwt.managedKeys`: signing keys that the module makes, keeps in the store and rotates. */
export class ManagedKeysOptions {
  /**
   * Encrypt the private keys in the store. The first encrypts, all of them decrypt: put a new one last, deploy, put it first,
   * and take the old one out once the keys it encrypted are gone: after `rotateEvery` and the longest token lifetime.
   */
  @IsOptional()
  encryptionKeys!: readonly EncryptionKey[];

  /** How long a key signs, from an hour on. Default 30 days. */
  @IsDuration({ least: 3_600 })
  rotateEvery: Duration = '30d';
}
