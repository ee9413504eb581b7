import { AuthConfigError } from '../auth.errors.js';
import { TrustedIssuer } from './trusted-issuer.js';
import type { TrustedIssuerOptions } from './trusted-issuer.options.js';

const issuer = 'https://id.example';
const options: TrustedIssuerOptions = { issuer, discovery: true, audience: 'me', algorithms: ['ES256'] };

/** An issuer whose metadata name this JWK set, and every URL that is asked for. */
function issuerWith(metadata: object): { issuer: TrustedIssuer; asked: string[] } {
  const asked: string[] = [];
  const fetcher = async (url: unknown) => {
    asked.push(String(url));
    return Response.json({ issuer, ...metadata });
  };
  return { issuer: new TrustedIssuer(options, 'o', () => 0, fetcher as typeof fetch), asked };
}

describe('HA-02 HA-08 metadata', () => {
  const discovered = `${issuer}/.well-known/openid-configuration`;

  it.each([
    'http://id.example/jwks',
    'http://169.254.169.254/latest/meta-data',
    'http://127.0.0.1.evil.example/jwks',
    'https://user:password@id.example/jwks',
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
    'jwks.json',
  ])('make nobody ask %s', async (uri) => {
    const { issuer: partner, asked } = issuerWith({ jwks_uri: uri });
    const refused = partner.find({ alg: 'ES256', kid: 'one' });
    await expect(refused).rejects.toMatchObject({ code: 'keys_unavailable', statusCode: 503 });
    await expect(refused).rejects.toMatchObject({ cause: expect.any(AuthConfigError) });
    expect(asked).toEqual([discovered]);
  });

  it.each(['https://keys.example/jwks', 'http://127.0.0.1:3000/jwks', 'http://[::1]/jwks'])(
    'may name the JWK set %s',
    async (uri) => {
      const { issuer: partner, asked } = issuerWith({ jwks_uri: uri, keys: [] });
      await expect(partner.find({ alg: 'ES256', kid: 'one' })).rejects.toMatchObject({ code: 'token_invalid' });
      expect(asked).toEqual([discovered, uri]);
    },
  );

  it('of another issuer lend it no keys', async () => {
    const { issuer: partner, asked } = issuerWith({ issuer: `${issuer}/`, jwks_uri: 'https://keys.example/jwks' });
    await expect(partner.find({ alg: 'ES256', kid: 'one' })).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect(asked).toEqual([discovered]);
  });
});
