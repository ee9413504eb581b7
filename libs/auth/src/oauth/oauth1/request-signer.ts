import { randomBytes } from 'node:crypto';
import type { Clock } from '../../auth.clock.js';
import { AuthError } from '../../auth.errors.js';
import type { ApiRequest } from '../client/api-request.js';
import { percentEncode } from './percent-encoding.js';
import { signatureBaseString, type Parameter } from './signature-base-string.js';
import type { Signature, SignatureMethod } from './signature.js';

/** Where the parameters of the protocol stand in a request (RFC 5849 §3.5). */
export type SignatureType = 'header' | 'query' | 'body';

/** The token of a request and its secret; of the dance, `oauth_callback` and `oauth_verifier` too. */
export interface Signing {
  readonly parameters: Readonly<Record<string, string>>;
  /** '' as long as there is no token. */
  readonly tokenSecret: string;
}

/** Puts a signature into requests. */
export type SignRequest = (request: ApiRequest, signing: Signing) => ApiRequest;

export interface SignerParts {
  readonly consumerKey: string;
  readonly signatureMethod: SignatureMethod;
  readonly signatureType: SignatureType;
  readonly signature: Signature;
  readonly clock: Clock;
}

/** Bytes. In hex they are 30 letters and digits: servers take no other characters in a nonce, and some no more. */
const nonceBytes = 15;

/**
 * A signer of requests (RFC 5849 §3.1). What it signs has to be sent as it gives it back, and once: nonce and time are in it.
 *
 * Signed are the method, the URL and, in a body, the parameters of a form; no other body is (§3.4.1.3.1). With `'body'`, what
 * cannot have a form in its body is signed in the header.
 */
export function requestSigner(parts: SignerParts): SignRequest {
  return (given, { parameters, tokenSecret }) => {
    const url = new URL(given.url);
    url.hash = '';
    const request = { ...given, method: given.method.toUpperCase(), url: url.href };
    const form = formOf(request);
    const others = [...url.searchParams, ...new URLSearchParams(form)];
    refuseProtocolParameters(others);
    const own = Object.entries({ ...protocolParameters(parts), ...parameters });
    const baseString = signatureBaseString(request.method, url, [...others, ...own]);
    const signed: Parameter[] = [...own, ['oauth_signature', parts.signature(baseString, tokenSecret)]];
    return placed(parts.signatureType, request, form, signed);
  };
}

function protocolParameters({ consumerKey, signatureMethod, clock }: SignerParts): Record<string, string> {
  return {
    oauth_consumer_key: consumerKey,
    oauth_nonce: randomBytes(nonceBytes).toString('hex'),
    oauth_signature_method: signatureMethod,
    oauth_timestamp: String(Math.floor(clock.now() / 1000)),
    oauth_version: '1.0',
  };
}

const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/** What is in the body, where it is a form; exactly as it is sent. */
function formOf({ headers, body }: ApiRequest): string | undefined {
  const type = headers.get('content-type');
  if (body instanceof URLSearchParams && (type === null || isForm.test(type))) return body.toString();
  if (type === null || !isForm.test(type)) return undefined;
  if (typeof body === 'string') return body;
  if (body === undefined || body === null) return undefined;
  throw new AuthError('invalid_argument', { reason: 'a form is signed where it is a text or URLSearchParams' });
}

/** Written by the signer alone: twice in a request, it would be up to the server which counts (RFC 5849 §3.1). */
function refuseProtocolParameters(parameters: readonly Parameter[]): void {
  const found = parameters.find(([name]) => isProtocolParameter(name));
  if (found !== undefined)
    throw new AuthError('oauth_url_refused', { reason: `nothing was sent: the request has its own ${found[0]}` });
}

export function isProtocolParameter(name: string): boolean {
  return name.startsWith('oauth_');
}

function placed(
  type: SignatureType,
  request: ApiRequest,
  form: string | undefined,
  signed: readonly Parameter[],
): ApiRequest {
  const headers = new Headers(request.headers);
  const encoded = signed.map((pair) => pair.map(percentEncode) as [string, string]);
  const pairs = encoded.map((pair) => pair.join('=')).join('&');
  const body = form ?? request.body;
  if (form !== undefined && !headers.has('content-type'))
    headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
  if (type === 'query') {
    const [before, query] = request.url.split(/\?(.*)/s);
    return { ...request, url: `${before}?${query ? `${query}&` : ''}${pairs}`, headers, body };
  }
  if (type === 'body' && canHaveForm(request, form)) {
    headers.set('content-type', 'application/x-www-form-urlencoded');
    return { ...request, headers, body: form ? `${form}&${pairs}` : pairs };
  }
  headers.set('authorization', `OAuth ${encoded.map(([name, value]) => `${name}="${value}"`).join(', ')}`);
  return { ...request, headers, body };
}

function canHaveForm({ method, headers, body }: ApiRequest, form: string | undefined): boolean {
  if (!/^(POST|PUT|PATCH)$/.test(method)) return false;
  const type = headers.get('content-type');
  const isEmpty = (body === undefined || body === null) && (type === null || isForm.test(type));
  return isEmpty || form !== undefined;
}
