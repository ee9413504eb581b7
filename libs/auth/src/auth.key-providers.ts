import { Logger, type Provider } from '@nestjs/common';
import { Clock } from './auth.clock.js';
import { AUTH_SETTINGS, STORES, make, type Stores } from './auth.composition.js';
import { seconds } from './auth.durations.js';
import { AuthConfigError } from './auth.errors.js';
import type { AuthSettings } from './auth.settings.js';
import { longestConfigured } from './jwt/jwt.options.js';
import { allowedSkew } from './keys/key-schedule.js';
import { SigningKeys } from './keys/signing-keys.js';

/** Signing keys that rotate by themselves. */
export const keyProviders: Provider[] = [make(SigningKeys, [AUTH_SETTINGS, STORES, Clock], managedSigningKeys)];

/** Null where the keys stand in the options. */
function managedSigningKeys(
  { managedKeys, jwt, keys }: AuthSettings,
  stores: Stores,
  clock: Clock,
): SigningKeys | null {
  if (managedKeys === undefined) return null;
  if (stores.signingKeys === undefined)
    throw new AuthConfigError(
      'jwt.managedKeys',
      'needs stores that keep signing keys: use typeormStores() or memoryStores()',
    );
  const logger = new Logger(SigningKeys.name);
  return new SigningKeys({
    ring: keys,
    clock,
    store: stores.signingKeys,
    sealer: managedKeys.sealer,
    algorithm: jwt.algorithm,
    rotateEvery: managedKeys.rotateEvery * 1000,
    overlap: (longestConfigured(jwt) + seconds(jwt.clockTolerance)) * 1000 + allowedSkew,
    // a key that does not open is told by its option; it says no secret
    onFailure: (error) =>
      logger.error(
        error instanceof AuthConfigError ? error.message : 'the signing keys could not be read or renewed in the store',
      ),
  });
}
