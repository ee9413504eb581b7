import type { KeyObject } from 'node:crypto';
import { IsIn, IsNotEmpty, IsOptional, IsString } from 'class-validator';
import type { Given } from '../../auth.slices.js';
import { BaseProviderOptions } from '../base-provider.options.js';
import type { IdentityPaths } from '../identity-paths.js';
import type { SignatureType } from './request-signer.js';
import { signatureMethods, type SignatureMethod } from './signature.js';

/** A provider of OAuth 1.0a (RFC 5849). Who somebody is, its API says. */
export class OAuth1ProviderOptions extends BaseProviderOptions {
  readonly kind: 'oauth1' = 'oauth1' as const;

  /** Gives temporary credentials, with which a log-in begins. */
  @IsString()
  @IsNotEmpty()
  requestTokenEndpoint!: string;

  @IsString()
  @IsNotEmpty()
  authorizationEndpoint!: string;

  /** Gives the token for the temporary credentials. */
  @IsString()
  @IsNotEmpty()
  accessTokenEndpoint!: string;

  /** Says whose the token is. */
  @IsString()
  @IsNotEmpty()
  userinfoEndpoint!: string;

  @IsString()
  @IsNotEmpty()
  consumerKey!: string;

  /** For every method but RSA-SHA1. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  consumerSecret: string | undefined = undefined;

  /** For RSA-SHA1: PEM, the path of a file with it, or a KeyObject. */
  privateKey: string | KeyObject | undefined = undefined;

  /** Default: RSA-SHA1 with a key, else HMAC-SHA1. PLAINTEXT sends the secrets themselves: in the header, and with https everywhere, loopback too. */
  @IsOptional()
  @IsIn(signatureMethods, { message: `must be one of ${signatureMethods.join(', ')}` })
  signatureMethod: SignatureMethod | undefined = undefined;

  /** Where the signature stands; with 'body', in the header of a request that has no form. Default 'header'. */
  @IsIn(['header', 'query', 'body'], { message: "must be 'header', 'query' or 'body'" })
  signatureType: SignatureType = 'header';

  /** What the subjects belong to. Default: the authorization endpoint. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  issuer: string | undefined = undefined;

  /** Where the answer says who it is: paths such as `data.id`. Replaces a preset's as a whole. */
  identity: IdentityPaths = {};
}

export type OAuth1Options = Given<OAuth1ProviderOptions> & { kind: 'oauth1'; name: string };
