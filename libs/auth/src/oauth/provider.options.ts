import { IsBoolean, IsIn, IsNotEmpty, IsOptional, IsString, Matches } from 'class-validator';
import type { Given } from '../auth.slices.js';
import type { PrivateKeyOptions, TokenEndpointAuthMethod } from './client-authentication.js';
import { BaseProviderOptions } from './base-provider.options.js';
import type { IdentityPaths } from './identity-paths.js';
import type { OAuth1Options } from './oauth1/oauth1.options.js';

/** What providers of OAuth 2 have, with OpenID Connect or without. */
class CodeProviderOptions extends BaseProviderOptions {
  @IsString()
  @IsNotEmpty()
  clientId!: string;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  clientSecret: string | undefined = undefined;

  /** For `private_key_jwt`, or with `clientSecretIssuer`. */
  privateKey: PrivateKeyOptions | undefined = undefined;

  /** The client secret is a JWT, signed with `privateKey`, and this is its `iss`: at Apple the id of a team. */
  @IsOptional()
  @IsString()
  @IsNotEmpty({ message: 'is missing: it signs the client secret, at Apple it is your teamId' })
  clientSecretIssuer: string | undefined = undefined;

  /** Default: `private_key_jwt` with a key, `client_secret_basic` with a secret, else `none`. */
  @IsOptional()
  @IsIn(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'], {
    message: "must be 'client_secret_basic', 'client_secret_post', 'private_key_jwt' or 'none'",
  })
  tokenEndpointAuthMethod: TokenEndpointAuthMethod | undefined = undefined;

  /** `'form_post'`: the answer comes in a form, and stays out of URLs. Default 'query'. */
  @IsIn(['query', 'form_post'], { message: "must be 'query' or 'form_post'" })
  responseMode: 'query' | 'form_post' = 'query';

  /** Send a code challenge (RFC 7636). Only for a provider that refuses one there is a reason to write false. Default true. */
  @IsBoolean()
  pkce: boolean = true;

  /**
   * Scope of tokens of the application itself (RFC 6749 §4.4), which then gets one when `{ kind: 'app' }` first needs it; an empty list
   * names none. Default: the application has no tokens but those that it is given.
   */
  applicationScope: readonly string[] | undefined = undefined;

  /**
   * Headers of every request to it, beside those of the protocol: `{ 'User-Agent': 'web:com.example.app:v1' }`. A header that a caller
   * of its API gives goes first. Replaces a preset's as a whole. Default none.
   */
  requestHeaders: Readonly<Record<string, string>> = {};

  /** Where an answer of the token endpoint names an error, beside `error`: a path such as 'errors.0.code'. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  tokenErrorMember: string | undefined = undefined;

  /**
   * The provider's own error words at the token endpoint, and what RFC 6749 §5.2 calls them: `{ bad_code: 'invalid_grant'
   * }`.
   */
  tokenErrors: Readonly<Record<string, string>> = {};

  /** Names of scope values that the provider answers with, and those that it was asked by. */
  scopeAliases: Readonly<Record<string, string>> = {};
}

/** A provider that speaks OpenID Connect: everything else is read from its discovery document. */
export class OidcProviderOptions extends CodeProviderOptions {
  readonly kind: 'oidc' = 'oidc' as const;

  /** Exactly as the provider's discovery document writes it. */
  @IsString()
  @IsNotEmpty()
  issuer!: string;

  /** One discovery document for many issuers: its `issuer`, where `{tenantid}` stands for the claim `tid` of an ID token. */
  @IsOptional()
  @Matches(/\{tenantid\}/, { message: "must have '{tenantid}' in it" })
  issuerTemplate: string | undefined = undefined;

  @IsString({ each: true })
  scope: readonly string[] = ['openid', 'email', 'profile'];

  /** Push authorization requests (RFC 9126). Always done where the provider requires it. Default false. */
  @IsBoolean()
  pushedAuthorizationRequests: boolean = false;

  /** Ask for consent beside `offline_access` (OpenID Connect Core §11): else there may be no refresh token. Default true. */
  @IsBoolean()
  consentForOfflineAccess: boolean = true;

  /** The algorithm of its ID tokens. Default: those that its discovery document names, and that sign with a key pair. */
  @IsOptional()
  @IsIn(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'], {
    message: 'must be an asymmetric algorithm, such as RS256 or ES256',
  })
  idTokenSignedResponseAlg: string | undefined = undefined;

  /** Claims that an ID token must have, with one of the values: `{ hd: ['example.com'] }`. */
  requiredClaims: Readonly<Record<string, readonly string[]>> = {};

  /**
   * For a provider whose subjects are unique only within a realm: the claim with the realm. The subject becomes `realm:sub`.
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  realmClaim: string | undefined = undefined;

  /**
   * A parameter of the answer, with JSON such as `{ "name": { "firstName", "lastName" } }`: Apple's `user`, at the first consent only.
   * The user could have written it: nothing but the name is read of it, and the ID token's goes over it.
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  nameParameter: string | undefined = undefined;

  /**
   * Addresses count as verified only in these domains, or for users whose ID token has this claim. Default: all that the
   * provider verifies.
   */
  authoritativeEmail: { readonly domains: readonly string[]; readonly claim: string } | undefined = undefined;
}

/** A provider of plain OAuth 2: no discovery and no ID token. Who somebody is, its API says. */
export class OAuth2ProviderOptions extends CodeProviderOptions {
  readonly kind: 'oauth2' = 'oauth2' as const;

  @IsString()
  @IsNotEmpty()
  authorizationEndpoint!: string;

  @IsString()
  @IsNotEmpty()
  tokenEndpoint!: string;

  /** Says whose the access token is. Required, unless `identityFrom` is 'token'. */
  @IsOptional()
  @IsString()
  userinfoEndpoint: string | undefined = undefined;

  /** Takes back tokens (RFC 7009). Default: none, and they end by themselves. */
  @IsOptional()
  @IsString()
  revocationEndpoint: string | undefined = undefined;

  /**
   * What the provider calls itself in `iss` of its answers (RFC 9207), where it does. `'ignore'`: whatever it says is not looked at.
   * Default: none, and an answer with `iss` is refused.
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  issuer: string | undefined = undefined;

  @IsString({ each: true })
  scope: readonly string[] = [];

  /** Between scope values of the request. Default ' ' (RFC 6749 §3.3). */
  @IsIn([' ', ','], { message: "must be ' ' or ','" })
  scopeSeparator: ' ' | ',' = ' ';

  /**
   * The answer in the browser says in `scope` what was granted, and the token answer does not. It could be anybody's word: what was not
   * asked for is left out. Default false.
   */
  @IsBoolean()
  scopeInResponse: boolean = false;

  /** Scope values of the parameter `user_scope`: for a token of the user beside the application's own. */
  @IsString({ each: true })
  userScope: readonly string[] = [];

  /** Where the answer says who it is: paths such as `data.id`. Replaces a preset's as a whole. */
  identity: IdentityPaths = {};

  /** Before the access token in requests to its API, but for that of a log-in. Default 'Bearer' (RFC 6750 §2.1). */
  @Matches(/^[A-Za-z][A-Za-z0-9-]*$/, { message: "must be one word, such as 'Bearer'" })
  apiTokenScheme: string = 'Bearer';

  /** Which answer: that of the userinfo endpoint, or the token endpoint's own. Default 'userinfo'. */
  @IsIn(['userinfo', 'token'], { message: "must be 'userinfo' or 'token'" })
  identityFrom: 'userinfo' | 'token' = 'userinfo';

  /** How the userinfo endpoint is asked. Default 'GET'. */
  @IsIn(['GET', 'POST'], { message: "must be 'GET' or 'POST'" })
  userinfoMethod: 'GET' | 'POST' = 'GET';

  /** A GraphQL query for the userinfo endpoint, which is then asked by POST. */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  userinfoQuery: string | undefined = undefined;

  /**
   * A path below the userinfo endpoint that answers `[{ email, primary, verified }]`: the primary, verified address is used.
   */
  @IsOptional()
  @Matches(/^\/[\w/-]+$/, { message: "must be a path such as '/emails'" })
  emailsPath: string | undefined = undefined;

  /**
   * Read every token answer as `token_type: Bearer`: for a provider that leaves it out, or writes its own word. Default
   * false.
   */
  @IsBoolean()
  tokenTypeIsBearer: boolean = false;

  /** The member of the token answer that holds the user's token, when the outer token is the application's own (Slack). */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  userTokenMember: string | undefined = undefined;

  /** Prove requests to the userinfo endpoint: `appsecret_proof`, the HMAC-SHA256 of the token under the secret. Default false. */
  @IsBoolean()
  appSecretProof: boolean = false;
}

export type OidcOptions = Given<OidcProviderOptions> & { kind: 'oidc'; name: string };
export type OAuth2Options = Given<OAuth2ProviderOptions> & { kind: 'oauth2'; name: string };

/** One object a provider. */
export type OAuthProviderOptions = OidcOptions | OAuth2Options | OAuth1Options;
