import { createHash, timingSafeEqual } from 'node:crypto';
import { refusal } from '../answer.js';
import type { LoopbackClient } from '../loopback.options.js';
import type { LoopbackRequest } from '../server.js';

export type FindClient = (clientId: string) => LoopbackClient | undefined;

/**
 * Client authentication (RFC 6749 §2.3): Basic, or members of the form, never both; a client without a secret says who it is.
 *
 * @throws Refusal `invalid_client`
 */
export function authenticateClient({ headers, form }: LoopbackRequest, find: FindClient): LoopbackClient {
  const basic = basicCredentials(headers.authorization);
  if (basic !== undefined && form.has('client_secret')) throw invalidClient('the client authenticates twice');
  const id = basic?.id ?? form.get('client_id') ?? '';
  const secret = basic?.secret ?? form.get('client_secret') ?? undefined;
  const client = find(id);
  if (client === undefined) throw invalidClient('no such client');
  if (form.has('client_id') && form.get('client_id') !== id) throw invalidClient('client_id names another client');
  const { clientSecret } = client;
  if (clientSecret === undefined && secret !== undefined) throw invalidClient('the client has no secret');
  if (clientSecret !== undefined && (secret === undefined || !isSame(secret, clientSecret)))
    throw invalidClient('the secret of the client is missing or wrong');
  return client;
}

/** Each half was encoded as a form is (RFC 6749 §2.3.1). */
function basicCredentials(authorization: string | undefined): { id: string; secret: string } | undefined {
  if (authorization === undefined) return undefined;
  const [, encoded] = /^Basic ([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? [];
  if (encoded === undefined) throw invalidClient('the Authorization header is not Basic');
  const [id, secret, ...more] = Buffer.from(encoded, 'base64').toString('latin1').split(':');
  if (secret === undefined || more.length > 0) throw invalidClient('id and secret were not encoded (RFC 6749 §2.3.1)');
  return { id: formDecoded(id!), secret: formDecoded(secret) };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidClient('id and secret were not encoded (RFC 6749 §2.3.1)');
  }
}

export function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(left!, right!);
}

function invalidClient(description: string) {
  return refusal(401, 'invalid_client', description, { 'www-authenticate': 'Basic realm="loopback"' });
}
