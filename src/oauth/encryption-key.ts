import { hkdfSync, type KeyObject } from 'node:crypto';
import type { EncryptionKey } from 'nest-latchkey';
import type { SigningKey } from '../keys.js';

/**
 * What flows and grants are encrypted with: derived from the signing key, so that every process has the same one without
 * another variable. A new signing key interrupts the log-ins under way, and users have to consent again.
 */
export function encryptionKeyOf(signing: SigningKey): EncryptionKey {
  const material = 'secret' in signing ? signing.secret : pemOf(signing.privateKey);
  return { id: 'derived', key: new Uint8Array(hkdfSync('sha256', material, '', 'latchkey-app oauth flows', 32)) };
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}
