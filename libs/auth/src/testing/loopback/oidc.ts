import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import type { Clock } from '../../auth.clock.js';
import type { Answer, Members } from './answer.js';
import { endpoints } from './endpoints.js';
import type { LoopbackFault } from './faults.js';
import type { LoopbackProviderOptions } from './loopback.options.js';
import type { Grant } from './oauth2/grants.js';

type Algorithm = NonNullable<LoopbackProviderOptions['signingAlgorithm']>;
type IdTokenFault = Extract<LoopbackFault, { kind: 'id_token' }>;

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: Members;
}

/** OpenID Connect Discovery §3. */
export function discoveryDocument(
  issuer: string,
  { requirePushedAuthorizationRequests, signingAlgorithm = 'RS256', metadata }: LoopbackProviderOptions,
): Answer {
  const members = {
    issuer,
    authorization_endpoint: issuer + endpoints.authorization,
    token_endpoint: issuer + endpoints.token,
    userinfo_endpoint: issuer + endpoints.userinfo,
    jwks_uri: issuer + endpoints.jwks,
    revocation_endpoint: issuer + endpoints.revocation,
    pushed_authorization_request_endpoint: issuer + endpoints.par,
    require_pushed_authorization_requests: requirePushedAuthorizationRequests === true ? true : undefined,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [signingAlgorithm],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    authorization_response_iss_parameter_supported: true,
  };
  return { kind: 'json', members: { ...members, ...metadata } };
}

/** Keys, and what they sign (OpenID Connect Core §2). */
export class IdTokens {
  private keys: readonly SigningKey[];
  private otherKey: SigningKey | undefined;

  constructor(
    private readonly issuer: () => string,
    private readonly clock: () => Clock,
    private readonly algorithm: Algorithm = 'RS256',
  ) {
    this.keys = [newKey(algorithm)];
  }

  jwks(): Answer {
    return { kind: 'json', members: { keys: this.keys.map(({ jwk }) => jwk) } };
  }

  /** Make the key that nobody publishes, before a request waits for it: an RSA key takes longer than some time limits. */
  makeOtherKey(): void {
    this.otherKey ??= newKey(this.algorithm);
  }

  /** From now on another key signs. */
  rotate(keepsOld: boolean): void {
    this.keys = [newKey(this.algorithm), ...(keepsOld ? this.keys : [])];
  }

  issue(
    { user, clientId, authTime }: Grant,
    nonce: string | undefined,
    accessToken: string,
    fault: IdTokenFault | undefined,
  ): string {
    const [key] = this.keys as [SigningKey];
    const now = Math.floor(this.clock().now() / 1000);
    const all = {
      iss: this.issuer(),
      sub: user.sub,
      aud: clientId,
      iat: now,
      exp: now + 300,
      auth_time: authTime,
      nonce,
      at_hash: this.hashOf(accessToken),
      ...fault?.claims,
    };
    const claims = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    const signer = fault?.signature === 'other_key' ? this.otherKey! : key;
    const good = this.sign({ alg: this.algorithm, kid: key.kid, ...fault?.header }, claims, signer.privateKey);
    const told = fault?.signature === 'none' ? good.replace(/[^.]*$/, '') : good;
    return fault?.forge?.(told, claims) ?? told;
  }

  /** By hand, because a library writes no header that lies: what signs is the algorithm of the key, whatever the header says. */
  private sign(header: Members, claims: Members, key: KeyObject): string {
    const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const hash = this.algorithm === 'EdDSA' ? null : 'sha256';
    return `${input}.${sign(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  /** OpenID Connect Core §3.1.3.6. Ed25519 signs with SHA-512. */
  private hashOf(accessToken: string): string {
    const digest = createHash(this.algorithm === 'EdDSA' ? 'sha512' : 'sha256')
      .update(accessToken)
      .digest();
    return digest.subarray(0, digest.byteLength / 2).toString('base64url');
  }
}

function newKey(alg: Algorithm): SigningKey {
  const { privateKey, publicKey } = keyPair(alg);
  const kid = randomUUID();
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

function keyPair(alg: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('ed25519');
}
