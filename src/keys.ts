import { createPrivateKey, generateKeyPairSync, hkdfSync, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { JwtAlgorithm } from 'nest-latchkey';
import { databaseFolder } from './database.js';
import { EnvironmentError, type Environment } from './environment.js';

/** What the tokens are signed with, as `AuthModule.forRoot({ jwt })` takes it. */
export type SigningKey =
  { algorithm: JwtAlgorithm; secret: string } | { algorithm: JwtAlgorithm; privateKey: KeyObject };

/**
 * The key of the environment. Outside production, when there is none, a key that is made once and kept beside the database.
 *
 * Does not look at the key's strength or curve: the library does.
 *
 * @throws EnvironmentError when there is no key in production, or one that does not fit the algorithm.
 */
export function signingKey(environment: Environment): SigningKey {
  const { secret, privateKey, algorithm, production } = environment;
  if (secret !== undefined && privateKey !== undefined) {
    throw new EnvironmentError(['AUTH_SECRET and AUTH_PRIVATE_KEY are both set: keep the one that is to sign']);
  }
  if (secret !== undefined) return withSecret(secret, algorithm ?? 'HS256');
  if (privateKey !== undefined) return withPrivateKey(privateKey, algorithm ?? 'ES256');
  if (production) {
    throw new EnvironmentError([
      'AUTH_SECRET is missing: set it to the output of `openssl rand -base64 32`, or set AUTH_PRIVATE_KEY to a PEM key or its file',
    ]);
  }
  return developmentKey(environment.databaseUrl, algorithm ?? 'ES256');
}

/**
 * A key for something else, derived from the signing key, so that every process has the same one without another variable. A
 * new signing key changes it: log-ins and forms under way are interrupted, and users have to consent again.
 *
 * @param purpose no two keys are the same. @returns 32 bytes
 */
export function derivedKey(signing: SigningKey, purpose: string): Uint8Array {
  const material = 'secret' in signing ? signing.secret : pemOf(signing.privateKey);
  return new Uint8Array(hkdfSync('sha256', material, '', purpose, 32));
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function withSecret(secret: string, algorithm: JwtAlgorithm): SigningKey {
  if (!isSymmetric(algorithm)) {
    throw new EnvironmentError([
      `AUTH_ALGORITHM is ${algorithm}: set AUTH_PRIVATE_KEY instead of AUTH_SECRET, or use HS256`,
    ]);
  }
  return { algorithm, secret };
}

function withPrivateKey(pemOrPath: string, algorithm: JwtAlgorithm): SigningKey {
  if (isSymmetric(algorithm)) {
    throw new EnvironmentError([
      `AUTH_ALGORITHM is ${algorithm}: set AUTH_SECRET instead of AUTH_PRIVATE_KEY, or use ES256`,
    ]);
  }
  return { algorithm, privateKey: parsePrivateKey(readPem(pemOrPath)) };
}

/** Some shells and hosts can hold a line end only as `\n`. */
function readPem(pemOrPath: string): string {
  if (pemOrPath.includes('-----BEGIN')) return pemOrPath.replaceAll(String.raw`\n`, '\n');
  try {
    return readFileSync(pemOrPath, 'utf8');
  } catch {
    // the system's message quotes what could be a mangled key instead of a path
    throw new EnvironmentError(['AUTH_PRIVATE_KEY is neither PEM text nor the path of a file that can be read']);
  }
}

function parsePrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new EnvironmentError([
      'AUTH_PRIVATE_KEY holds no private key: give unencrypted PEM, for example from `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`',
    ]);
  }
}

/** Kept, because with a new key at every start nobody would stay logged in while developing. */
function developmentKey(databaseUrl: string, algorithm: JwtAlgorithm): SigningKey {
  const folder = databaseFolder(databaseUrl);
  const file = join(folder, `auth-key.${algorithm.toLowerCase()}`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    createOnce(file, generateKey(algorithm));
    new Logger('Keys').warn(
      `No AUTH_SECRET and no AUTH_PRIVATE_KEY: tokens are signed with a development key, kept in ${file}`,
    );
  }
  const key = readFileSync(file, 'utf8');
  return isSymmetric(algorithm) ? withSecret(key, algorithm) : withPrivateKey(key, algorithm);
}

/** A link appears whole or not at all, and fails when the name is taken: of two processes that start at once, one wins. */
function createOnce(file: string, text: string): void {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
}

function generateKey(algorithm: JwtAlgorithm): string {
  if (isSymmetric(algorithm)) return randomBytes(64).toString('base64url');
  return generatePrivateKey(algorithm).export({ type: 'pkcs8', format: 'pem' }) as string;
}

function generatePrivateKey(algorithm: JwtAlgorithm): KeyObject {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519').privateKey;
  const namedCurve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[algorithm as string];
  if (namedCurve === undefined) return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

function isSymmetric(algorithm: JwtAlgorithm): boolean {
  return algorithm.startsWith('HS');
}
