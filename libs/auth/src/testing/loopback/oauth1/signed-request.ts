import { createHash } from 'node:crypto';
import type { Clock } from '../../../auth.clock.js';
import { Refusal } from '../answer.js';
import type { LoopbackClient } from '../loopback.options.js';
import type { FindClient } from '../oauth2/clients.js';
import type { LoopbackRequest } from '../server.js';
import { isSignature, valueOf, type Parameters } from './signature.js';

/** Credentials of a token, temporary or not: its secret signs. */
export interface TokenCredentials {
  readonly token: string;
  readonly secret: string;
  readonly clientId: string;
}

/** A request whose signature, nonce and time were checked. */
export interface CheckedRequest<Token extends TokenCredentials | undefined> {
  readonly client: LoopbackClient;
  readonly token: Token;
  readonly parameters: Parameters;
}

/** Seconds that the clocks may differ. */
const clockTolerance = 300;

/** The protocol parameters of RFC 5849 §3.1 that a request may have, and the one that signs a body which is no form. */
const known = new Set([
  'oauth_consumer_key',
  'oauth_token',
  'oauth_signature_method',
  'oauth_signature',
  'oauth_timestamp',
  'oauth_nonce',
  'oauth_version',
  'oauth_callback',
  'oauth_verifier',
  'oauth_body_hash',
]);

/** Is a request signed, by whom, and for the first time (RFC 5849 §3.2)? */
export class SignedRequests {
  private readonly nonces = new Set<string>();

  constructor(
    private readonly find: FindClient,
    private readonly clock: () => Clock,
  ) {}

  /**
   * @param findToken of the token that it must name; undefined: it must name none.
   * @throws Refusal in the words of OAuth Problem Reporting.
   */
  check(request: LoopbackRequest): CheckedRequest<undefined>;
  check<Token extends TokenCredentials>(
    request: LoopbackRequest,
    findToken: (token: string) => Token | undefined,
  ): CheckedRequest<Token>;
  check(
    request: LoopbackRequest,
    findToken?: (token: string) => TokenCredentials | undefined,
  ): CheckedRequest<TokenCredentials | undefined> {
    const parameters = parametersOf(request);
    const required = (name: string): string => {
      const value = valueOf(parameters, name);
      if (value === undefined || value === '') throw problem(400, 'parameter_absent', name);
      return value;
    };
    checkProtocolParameters(parameters);
    const client = this.find(required('oauth_consumer_key'));
    if (client === undefined) throw problem(401, 'consumer_key_unknown', 'oauth_consumer_key names no client');
    const token = findToken?.(required('oauth_token'));
    if (findToken === undefined && (valueOf(parameters, 'oauth_token') ?? '') !== '')
      throw problem(400, 'parameter_rejected', 'oauth_token has no place here');
    if (findToken !== undefined && token?.clientId !== client.clientId)
      throw problem(401, 'token_rejected', 'oauth_token is unknown, used, or of another client');

    const signed = { method: request.method, url: request.url, parameters };
    const isSigned = isSignature(required('oauth_signature'), signed, client, token?.secret ?? '');
    if (isSigned === undefined)
      throw problem(400, 'signature_method_rejected', 'HMAC-SHA1, HMAC-SHA256, RSA-SHA1 or PLAINTEXT');
    if (!isSigned) throw problem(401, 'signature_invalid', 'the signature is not that of this request');
    checkBody(request, parameters);
    if (valueOf(parameters, 'oauth_signature_method') !== 'PLAINTEXT')
      this.checkOnce(client, token, required('oauth_timestamp'), required('oauth_nonce'));
    return { client, token, parameters };
  }

  /** §3.3. After the signature: a stranger must not use up a nonce. */
  private checkOnce(
    client: LoopbackClient,
    token: TokenCredentials | undefined,
    timestamp: string,
    nonce: string,
  ): void {
    const age = this.clock().now() / 1000 - Number(timestamp);
    if (!/^[1-9]\d*$/.test(timestamp) || Math.abs(age) > clockTolerance)
      throw problem(401, 'timestamp_refused', 'oauth_timestamp is no time, or not that of now');
    const used = JSON.stringify([client.clientId, token?.token, timestamp, nonce]);
    if (this.nonces.has(used)) throw problem(401, 'nonce_used', 'oauth_nonce was used before');
    this.nonces.add(used);
  }
}

/** §3.1: once each, and none that is unknown. */
function checkProtocolParameters(parameters: Parameters): void {
  const names = parameters.map(([name]) => name).filter((name) => name.startsWith('oauth_'));
  const stranger = names.find((name) => !known.has(name));
  if (stranger !== undefined) throw problem(400, 'parameter_rejected', stranger);
  if (new Set(names).size < names.length) throw problem(400, 'parameter_rejected', 'a parameter stands there twice');
  if ((valueOf(parameters, 'oauth_version') ?? '1.0') !== '1.0')
    throw problem(400, 'version_rejected', 'oauth_version');
}

/** OAuth Request Body Hash §3.1: signed with the rest, so it must be that of the body. */
function checkBody({ body }: LoopbackRequest, parameters: Parameters): void {
  const given = valueOf(parameters, 'oauth_body_hash');
  const hash = valueOf(parameters, 'oauth_signature_method') === 'HMAC-SHA256' ? 'sha256' : 'sha1';
  if (given !== undefined && given !== createHash(hash).update(body).digest('base64'))
    throw problem(401, 'signature_invalid', 'oauth_body_hash is not that of the body');
}

/** §3.4.1.3.1. */
function parametersOf({ headers, url, form }: LoopbackRequest): Parameters {
  return [...headerParameters(headers.authorization ?? ''), ...url.searchParams, ...form];
}

/** §3.5.1. */
function headerParameters(header: string): Parameters {
  const [, list] = /^OAuth\s+(.*)$/i.exec(header) ?? [];
  if (list === undefined) return [];
  return list
    .split(',')
    .map((pair) => {
      const [, name, value] = /^\s*([^\s="]+)="([^"]*)"\s*$/.exec(pair) ?? [];
      if (name === undefined) throw problem(400, 'parameter_rejected', 'the Authorization header cannot be read');
      return [decoded(name), decoded(value!)] as const;
    })
    .filter(([name]) => name.toLowerCase() !== 'realm');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw problem(400, 'parameter_rejected', 'the Authorization header cannot be read');
  }
}

/** RFC 5849 has statuses (§3.2) and no words: these are those of OAuth Problem Reporting. */
export function problem(status: 400 | 401, oauth_problem: string, oauth_problem_advice: string): Refusal {
  const headers = { 'www-authenticate': 'OAuth realm="loopback"' };
  return new Refusal({ kind: 'form', status, headers, members: { oauth_problem, oauth_problem_advice } });
}
