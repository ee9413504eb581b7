import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsNotEmpty,
  IsNotIn,
  IsOptional,
  IsString,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { IsDuration, seconds, type Duration, type Lifetime } from '../auth.durations.js';
import { algorithmNames, type JwtAlgorithm } from './algorithms.js';
import { reservedClaims } from './claims.js';
import type { KeyMaterial } from './key-material.js';
import type { ManagedKeysOptions } from './managed-keys.options.js';
import type { TrustedIssuerOptions } from './trusted-issuer.options.js';

/** One key of the ring. */
export interface KeyOptions {
  /** Names the key in the token's header. Default: the JWK thumbprint of a key pair; a secret has none. */
  kid?: string;
  algorithm: JwtAlgorithm;
  /** A secret, or a private key; a public key only verifies. */
  key: KeyMaterial;
}

/** The options `jwt` of the module: how tokens are made, and which are believed. */
export class JwtOptions {
  /** `iss` of the tokens made here, and the only one accepted besides `trustedIssuers`. Usually the public URL. */
  @IsString()
  @IsNotEmpty({ message: "is missing: give the public URL of this API, for example 'https://api.example.com'" })
  issuer!: string;

  /** `aud` of the tokens made here; one of them must be in a token's `aud`. Default: the issuer. */
  @IsOptional()
  @IsText({ list: true })
  audience?: string | readonly string[];

  /** The secret of HS256, HS384, HS512: at least as many bytes as the hash. Give this, or `privateKey`, `keys`, `managedKeys`. */
  @IsOptional()
  secret?: KeyMaterial;

  /** PEM, JWK or KeyObject of the other algorithms. */
  @IsOptional()
  privateKey?: KeyMaterial;

  /** The public half; enough for an application that only verifies. */
  @IsOptional()
  publicKey?: KeyMaterial;

  /** The key ring: the first key that can sign signs, all of them verify. New keys go first, old ones out when their tokens are dead. */
  @ValidateIf(({ keys }: JwtOptions) => keys !== undefined)
  @ArrayNotEmpty({ message: 'is empty: give at least one key' })
  keys?: readonly KeyOptions[];

  /** Key pairs that the module makes, keeps in `stores` and rotates by itself: nothing to deploy but a key to encrypt them with. */
  @IsOptional()
  managedKeys?: Pick<ManagedKeysOptions, 'encryptionKeys'> & { rotateEvery?: Duration | undefined };

  /** The algorithm of `secret`, `privateKey` or the next of `managedKeys`. Default HS256; ES256 with `managedKeys`. */
  @IsIn(algorithmNames, { message: `must be one of ${algorithmNames.join(', ')}` })
  algorithm: JwtAlgorithm = 'HS256';

  /** Other issuers whose tokens are accepted, with their key sets. */
  @IsOptional()
  @IsArray({ message: 'must be a list of { issuer, jwksUri, audience, algorithms }' })
  trustedIssuers?: readonly TrustedIssuerOptions[];

  /** Default 15 minutes. */
  @IsDuration({ never: true })
  accessTokenLifetime: Lifetime = '15m';

  /** Default 30 days. */
  @IsDuration({ never: true })
  refreshTokenLifetime: Lifetime = '30d';

  /** How far the clocks of issuer and verifier may differ, for `exp` and `nbf`. Default 5 seconds, at most 60. */
  @IsDuration({ least: 0, most: 60 })
  clockTolerance: Duration = 5;

  /** Write `nbf`. Default true. */
  @IsBoolean()
  notBefore: boolean = true;

  /** Do not look at `aud`: any token of the issuer will do, whoever it was made for. Default false (RFC 8725 §3.9). */
  @IsBoolean()
  acceptAnyAudience: boolean = false;

  /** How a scope given as an object is written. Both are read. Default 'object'. */
  @IsIn(['object', 'string'], { message: "must be 'object' or 'string'" })
  scopeFormat: 'object' | 'string' = 'object';

  /** The claim that names the subject. Default 'sub'. */
  @IsString()
  @IsNotEmpty()
  @IsNotIn(reservedClaims.filter((name) => name !== 'sub'), { message: 'is a claim of another meaning' })
  subjectClaim: string = 'sub';

  /** Refuse a subject that is no string (RFC 7519 §4.1.2). Default true. */
  @IsBoolean()
  requireStringSubject: boolean = true;

  /** The claim that says what a token is for: `access`, `refresh` or a type of the application. Default 'type'. */
  @IsString()
  @IsNotEmpty()
  @IsNotIn(reservedClaims, { message: 'is a claim of another meaning' })
  typeClaim: string = 'type';
}

/** No token made here lives longer, in seconds: so long a revocation is kept, and a token that claims more is refused. */
export function longestConfigured({ accessTokenLifetime, refreshTokenLifetime }: JwtOptions): number {
  return Math.max(seconds(accessTokenLifetime), seconds(refreshTokenLifetime));
}

/** A non-empty text, or, where allowed, a non-empty list of them. */
export function IsText(options: { list?: boolean } = {}): PropertyDecorator {
  const isText = (value: unknown) => typeof value === 'string' && value.length > 0;
  return ValidateBy({
    name: 'isText',
    validator: {
      validate: (value: unknown) =>
        isText(value) || (options.list === true && Array.isArray(value) && value.length > 0 && value.every(isText)),
      defaultMessage: () => `must be a non-empty text${options.list ? ', or a non-empty list of them' : ''}`,
    },
  });
}
