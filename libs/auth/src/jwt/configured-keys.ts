import { AuthConfigError } from '../auth.errors.js';
import { algorithms } from './algorithms.js';
import type { JwtOptions } from './jwt.options.js';
import { KeyRing } from './key-ring.js';
import { createJwtKey, type JwtKey } from './keys.js';

/** The key ring that the options describe: of `secret`, of `privateKey` and `publicKey`, or of `keys`; never of two of them. */
export function configuredKeys(options: JwtOptions): KeyRing {
  const given = (['secret', 'privateKey', 'keys'] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1)
    throw new AuthConfigError(`jwt.${given[1]}`, `is given beside jwt.${given[0]}: keep one of them`);
  if (options.keys !== undefined) {
    if (options.publicKey !== undefined)
      throw new AuthConfigError('jwt.publicKey', 'is given beside jwt.keys: put it into the list');
    return new KeyRing(options.keys.map((key, index) => keyOfList(`jwt.keys[${index}]`, key)));
  }
  return new KeyRing([singleKey(options)]);
}

function keyOfList(option: string, key: NonNullable<JwtOptions['keys']>[number]): JwtKey {
  if (typeof key !== 'object' || key === null) throw new AuthConfigError(option, 'must be { kid, algorithm, key }');
  for (const name of Object.keys(key)) {
    if (!['kid', 'algorithm', 'key'].includes(name))
      throw new AuthConfigError(`${option}.${name}`, 'is no option: a key has kid, algorithm, key');
  }
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
    const option = privateKey === undefined && publicKey !== undefined ? 'jwt.publicKey' : 'jwt.privateKey';
    const key = privateKey ?? publicKey;
    return createJwtKey(option, { algorithm, key: key!, publicKey: privateKey === undefined ? undefined : publicKey });
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
