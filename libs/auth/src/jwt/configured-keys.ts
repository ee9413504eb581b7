import { AuthConfigError } from '../auth.errors.js';
import { algorithmNames, algorithms, isAlgorithm, type JwtAlgorithm } from './algorithms.js';
import type { JwtOptions } from './jwt.options.js';
import { KeyRing } from './key-ring.js';
import type { KeyMaterial } from './key-material.js';
import { createJwtKey, type JwtKey } from './keys.js';
import { signText, verifyText } from './signature.js';

/**
 * The key ring that the options describe: of `secret`, of `privateKey` and `publicKey`, of `keys`, or of `managedKeys`, which
 * are yet to be read; never of two of them.
 */
export function configuredKeys(options: JwtOptions): KeyRing {
  const given = (['secret', 'privateKey', 'keys', 'managedKeys'] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (given.length > 1)
    throw new AuthConfigError(`jwt.${given[1]}`, `is given beside jwt.${given[0]}: keep one of them`);
  if (options.managedKeys !== undefined) return managedRing(options);
  if (options.keys !== undefined) {
    if (options.publicKey !== undefined)
      throw new AuthConfigError('jwt.publicKey', 'is given beside jwt.keys: put it into the list');
    return new KeyRing(
      options.keys.map((key, index) => checkHalves(`jwt.keys[${index}].key`, keyOfList(`jwt.keys[${index}]`, key))),
    );
  }
  return new KeyRing([checkHalves('jwt.privateKey', singleKey(options))]);
}

function managedRing({ publicKey, algorithm }: JwtOptions): KeyRing {
  if (publicKey !== undefined)
    throw new AuthConfigError('jwt.publicKey', 'is given beside jwt.managedKeys: keep one of them');
  if (algorithms[algorithm].family === 'HMAC')
    throw new AuthConfigError(
      'jwt.algorithm',
      `is ${algorithm}: jwt.managedKeys are key pairs, take 'ES256' or leave it out`,
    );
  return new KeyRing(undefined, 'jwt.managedKeys');
}

function keyOfList(option: string, key: NonNullable<JwtOptions['keys']>[number]): JwtKey {
  if (typeof key !== 'object' || key === null) throw new AuthConfigError(option, 'must be { kid, algorithm, key }');
  for (const name of Object.keys(key)) {
    if (!['kid', 'algorithm', 'key'].includes(name))
      throw new AuthConfigError(`${option}.${name}`, 'is no option: a key has kid, algorithm, key');
  }
  if (!isAlgorithm(key.algorithm))
    throw new AuthConfigError(`${option}.algorithm`, `must be one of ${algorithmNames.join(', ')}`);
  if (key.kid !== undefined && (typeof key.kid !== 'string' || key.kid === '')) {
    throw new AuthConfigError(`${option}.kid`, 'must be a non-empty text');
  }
  return createJwtKey(`${option}.key`, key);
}

function singleKey(options: JwtOptions): JwtKey {
  const { algorithm, secret, privateKey, publicKey } = options;
  if (algorithms[algorithm].family !== 'HMAC') {
    if (secret !== undefined)
      throw new AuthConfigError('jwt.secret', `is given, but ${algorithm} wants jwt.privateKey`);
    return keyPair(algorithm, privateKey, publicKey);
  }
  if (privateKey !== undefined || publicKey !== undefined) {
    const option = privateKey === undefined ? 'jwt.publicKey' : 'jwt.privateKey';
    throw new AuthConfigError(
      option,
      `is given, but the algorithm is ${algorithm}: set jwt.algorithm, for example to 'ES256'`,
    );
  }
  return createJwtKey('jwt.secret', { algorithm, key: secret! });
}

/** Each half in its own option: a private key where a public one belongs would sign, unnoticed. */
function keyPair(
  algorithm: JwtAlgorithm,
  privateKey: KeyMaterial | undefined,
  publicKey: KeyMaterial | undefined,
): JwtKey {
  const verifying = publicKey === undefined ? undefined : createJwtKey('jwt.publicKey', { algorithm, key: publicKey });
  if (verifying?.signKey !== undefined)
    throw new AuthConfigError('jwt.publicKey', 'is a private key: give its public half, or set jwt.privateKey');
  if (privateKey === undefined && verifying !== undefined) return verifying;

  const signing = createJwtKey('jwt.privateKey', { algorithm, key: privateKey! });
  if (signing.signKey === undefined)
    throw new AuthConfigError('jwt.privateKey', 'is a public key: give the private half, or set jwt.publicKey');
  if (verifying !== undefined && !verifying.verifyKey.equals(signing.verifyKey))
    throw new AuthConfigError('jwt.publicKey', 'does not belong to jwt.privateKey: leave it out, or give its own half');
  return signing;
}

/** A JWK can name a public half that is not its own: what is signed must verify. */
function checkHalves(option: string, key: JwtKey): JwtKey {
  if (key.signKey === undefined || verifyText(key, 'latchkey', signText(key, 'latchkey'))) return key;
  throw new AuthConfigError(option, 'has halves that do not belong together: export the key anew');
}
