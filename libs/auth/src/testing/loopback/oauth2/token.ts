import { createHash } from 'node:crypto';
import { refusal, type Answer } from '../answer.js';
import type { Faults } from '../faults.js';
import type { LoopbackClient } from '../loopback.options.js';
import type { IdTokens } from '../oidc.js';
import type { LoopbackRequest } from '../server.js';
import { authenticateClient, isSame, type FindClient } from './clients.js';
import type { Grant, Grants } from './grants.js';

export interface TokenParts {
  readonly find: FindClient;
  readonly grants: Grants;
  readonly idTokens: IdTokens;
  readonly rotate: boolean;
}

/** The token endpoint (RFC 6749 §4.1.3, §4.4, §6) and revocation (RFC 7009). */
export class TokenEndpoint {
  constructor(private readonly parts: TokenParts) {}

  token(request: LoopbackRequest, faults: Faults): Answer {
    checkForm(request);
    const client = authenticateClient(request, this.parts.find);
    const { form } = request;
    switch (form.get('grant_type')) {
      case 'authorization_code':
        return this.ofCode(client, form, faults);
      case 'refresh_token':
        return this.ofRefresh(client, form, faults);
      case 'client_credentials':
        return this.ofClient(client, form, faults);
      default:
        throw refusal(400, 'unsupported_grant_type', 'grant_type is none of those in the discovery document');
    }
  }

  /** Unknown tokens are as good as revoked (RFC 7009 §2.2); a refresh token takes its access tokens along. */
  revoke(request: LoopbackRequest): Answer {
    checkForm(request);
    const { clientId } = authenticateClient(request, this.parts.find);
    const token = request.form.get('token');
    if (token === null) throw refusal(400, 'invalid_request', 'token is missing');
    const { accessTokens, refreshTokens } = this.parts.grants;
    const refresh = refreshTokens.get(token);
    const access = accessTokens.get(token);
    if (refresh?.grant.clientId === clientId) refresh.grant.alive = false;
    if (access?.grant.clientId === clientId) access.alive = false;
    return { kind: 'json', members: {} };
  }

  private ofCode(client: LoopbackClient, form: URLSearchParams, faults: Faults): Answer {
    const { grants } = this.parts;
    const code = grants.codes.get(form.get('code') ?? '');
    if (code === undefined || code.grant.clientId !== client.clientId) throw invalidGrant('the code is unknown');
    // whoever sends it again may have stolen it (RFC 6749 §4.1.2)
    if (code.used) code.grant.alive = false;
    if (code.used) throw invalidGrant('the code was used before');
    code.used = true;
    if (grants.now() >= code.expiresAt) throw invalidGrant('the code has expired');
    if (!code.grant.alive) throw invalidGrant('the consent was taken back');
    if (form.get('redirect_uri') !== code.redirectUri) throw invalidGrant('redirect_uri is not that of the request');
    checkVerifier(form.get('code_verifier'), code.codeChallenge);
    return this.answer(
      code.grant,
      code.grant.scope,
      { nonce: code.nonce, refreshToken: this.firstRefresh(code.grant) },
      faults,
    );
  }

  private ofRefresh(client: LoopbackClient, form: URLSearchParams, faults: Faults): Answer {
    const { grants, rotate } = this.parts;
    const token = form.get('refresh_token') ?? '';
    const refresh = grants.refreshTokens.get(token);
    if (refresh === undefined || refresh.grant.clientId !== client.clientId)
      throw invalidGrant('the refresh token is unknown');
    // two hold it, and nobody knows which of them may (RFC 9700 §4.14.2)
    if (refresh.used) refresh.grant.alive = false;
    if (refresh.used) throw invalidGrant('the refresh token was used before: all of its grant is over');
    if (!refresh.grant.alive) throw invalidGrant('the consent was taken back');
    const scope = narrowed(refresh.grant.scope, form.get('scope'));
    refresh.used = rotate;
    const refreshToken = rotate ? grants.issueRefresh(refresh.grant) : undefined;
    return this.answer(refresh.grant, scope, { nonce: undefined, refreshToken }, faults);
  }

  /** For confidential clients alone (RFC 6749 §4.4), and without a refresh token (§4.4.3). Nobody has logged in. */
  private ofClient(
    { clientId, clientSecret, scope = [] }: LoopbackClient,
    form: URLSearchParams,
    faults: Faults,
  ): Answer {
    if (clientSecret === undefined)
      throw refusal(400, 'unauthorized_client', 'the client is public: it proves nothing');
    const asked = narrowed(scope, form.get('scope'));
    if (asked.includes('openid')) throw refusal(400, 'invalid_scope', 'openid is about a user, and there is none');
    const authTime = Math.floor(this.parts.grants.now() / 1000);
    const grant = { user: { sub: clientId }, clientId, scope, authTime, alive: true, isOfClient: true };
    return this.answer(grant, asked, { nonce: undefined, refreshToken: undefined }, faults);
  }

  /** OpenID Connect gives one for `offline_access` alone (Core §11); plain OAuth 2 always. */
  private firstRefresh(grant: Grant): string | undefined {
    const isOffline = !grant.scope.includes('openid') || grant.scope.includes('offline_access');
    return isOffline ? this.parts.grants.issueRefresh(grant) : undefined;
  }

  private answer(
    grant: Grant,
    scope: readonly string[],
    { nonce, refreshToken }: { nonce: string | undefined; refreshToken: string | undefined },
    faults: Faults,
  ): Answer {
    const { grants, idTokens } = this.parts;
    const accessToken = grants.issueAccess(grant, scope);
    const isOidc = scope.includes('openid');
    return {
      kind: 'json',
      members: {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: grants.accessTokenLifetime,
        refresh_token: refreshToken,
        scope: scope.length > 0 ? scope.join(' ') : undefined,
        id_token: isOidc ? idTokens.issue(grant, nonce, accessToken, faults.find('id_token')) : undefined,
      },
    };
  }
}

/** RFC 7636 §4.6. A verifier without a challenge is a downgrade that somebody tried (RFC 9700 §4.8.2). */
function checkVerifier(verifier: string | null, challenge: string | undefined): void {
  if (challenge === undefined && verifier === null) return;
  if (challenge === undefined) throw invalidGrant('code_verifier was sent, and no code_challenge before');
  if (verifier === null || !/^[\w.~-]{43,128}$/.test(verifier))
    throw invalidGrant('code_verifier is missing, or not 43 to 128 of its characters');
  if (!isSame(createHash('sha256').update(verifier, 'ascii').digest('base64url'), challenge))
    throw invalidGrant('code_verifier is not that of code_challenge');
}

function narrowed(granted: readonly string[], asked: string | null): readonly string[] {
  if (asked === null) return granted;
  const scope = asked.split(' ').filter(Boolean);
  if (!scope.every((value) => granted.includes(value)))
    throw refusal(400, 'invalid_scope', 'scope is wider than what was granted (RFC 6749 §4.4, §6)');
  return scope;
}

/** RFC 6749 §3.2. */
function checkForm({ method, form }: LoopbackRequest): void {
  if (method !== 'POST') throw refusal(405, 'invalid_request', 'the method is not POST', { allow: 'POST' });
  if (new Set(form.keys()).size < form.size) throw refusal(400, 'invalid_request', 'a parameter stands there twice');
}

function invalidGrant(description: string) {
  return refusal(400, 'invalid_grant', description);
}
