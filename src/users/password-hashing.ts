import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Argon2id (the package's default) with 19 MiB, 2 passes, 1 lane: OWASP, Password Storage Cheat Sheet. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

/** The hash of a password that nobody has. */
const nobodysHash = hash(randomBytes(32), cost);

export async function hashPassword(password: string): Promise<string> {
  return hash(password, cost);
}

/**
 * Is this the password?
 *
 * Takes the same time without a hash, so that an unknown user cannot be told from a wrong password.
 *
 * @param passwordHash `undefined` when there is no such user; the answer is then no.
 */
export async function verifyPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? (await nobodysHash), password);
  return matches && passwordHash !== undefined;
}
