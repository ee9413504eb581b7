import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { algorithms, type JwtAlgorithm } from './algorithms.js';

const generate = promisify(generateKeyPair);

/** Bits of an RSA key: the least that RFC 7518 §3.3 allows, good until 2030 (NIST SP 800-57), and much the fastest to sign with. */
const modulusLength = 2048;

/** A new private key for an algorithm that has a public half. Off the event loop: RSA takes its time. */
export async function generatePrivateKey(algorithm: JwtAlgorithm): Promise<KeyObject> {
  const wanted = algorithms[algorithm];
  switch (wanted.family) {
    case 'HMAC':
      throw new TypeError(`${algorithm} has no private key`);
    case 'RSA':
    case 'RSA-PSS':
      return (await generate('rsa', { modulusLength })).privateKey;
    case 'ECDSA':
      return (await generate('ec', { namedCurve: wanted.curve })).privateKey;
    case 'EdDSA':
      return (await generate('ed25519')).privateKey;
  }
}
