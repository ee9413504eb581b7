type Verify = typeof import('../../../libs/auth/dist/jwt/verify.js');
type Keys = typeof import('../../../libs/auth/dist/jwt/keys.js');
type Ring = typeof import('../../../libs/auth/dist/jwt/key-ring.js');
type Verifier = typeof import('../../../libs/auth/dist/resource/verify-token.js');

/** A module of the build, before it is bundled: these parts have no public name. */
async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../build/${path}`, import.meta.resolve('nest-latchkey')).href)) as T;
}

export const { parseJwt, verifyJwt } = await built<Verify>('jwt/verify.js');
export const { createJwtKey } = await built<Keys>('jwt/keys.js');
export const { KeyRing } = await built<Ring>('jwt/key-ring.js');
export const { TokenVerifier } = await built<Verifier>('resource/verify-token.js');
