import { jwtVerify, SignJWT } from 'jose';
import { Random } from '../../../../test/fuzz/random.js';
import { createSigners } from '../../../../test/fuzz/tokens.js';
import type { JwtClaims, JwtHeader } from './claims.js';
import { signJwt } from './sign.js';
import { parseJwt, verifyJwt } from './verify.js';

const signers = createSigners(new Random(1));
const claims: JwtClaims = {
  iss: 'https://api.example.com',
  sub: 'Zoë 🔑',
  aud: ['a', 'b'],
  exp: 4_102_444_800,
  nbf: 0,
  iat: 1.5,
  jti: 'j',
  deep: { list: [1, -2.5e-7, null, true, { '': '' }], text: 'a"\\\u2028\u0000' },
};

describe.each(signers.map((signer) => [`${signer.key.algorithm} ${signer.key.kid ?? 'without kid'}`, signer] as const))(
  'a token of %s',
  (_name, { key, ring }) => {
    it('comes back with equal claims from verify', () => {
      const token = parseJwt(signJwt(key, { typ: 'at+jwt' }, claims));
      expect(ring.find(token.header as { alg: unknown; kid: unknown })).toBe(key);

      const { header, claims: read } = verifyJwt(token, key);
      expect(read).toEqual(claims);
      expect(header).toEqual({ typ: 'at+jwt', alg: key.algorithm, ...(key.kid !== undefined && { kid: key.kid }) });
    });

    it('is verified by jose', async () => {
      const token = signJwt(key, { typ: 'at+jwt', x: [1] }, claims);
      const { payload, protectedHeader } = await jwtVerify(token, key.verifyKey, { algorithms: [key.algorithm] });
      expect(payload).toEqual(claims);
      expect(protectedHeader).toMatchObject({ typ: 'at+jwt', alg: key.algorithm, x: [1] });
    });

    it('that jose made is verified here', async () => {
      const header = { alg: key.algorithm, ...(key.kid !== undefined && { kid: key.kid }) };
      const text = await new SignJWT({ ...claims } as Record<string, unknown>)
        .setProtectedHeader(header)
        .sign(key.signKey!);
      expect(verifyJwt(parseJwt(text), key).claims).toEqual(claims);
    });

    it('has alg and kid of the key, whatever the header says', () => {
      const lies = { alg: 'none', kid: 'another', typ: 'JWT' } as Omit<JwtHeader, 'alg' | 'kid'>;
      const { header } = parseJwt(signJwt(key, lies, claims));
      expect(header.alg).toBe(key.algorithm);
      expect(header.kid).toBe(key.kid);
    });
  },
);
