import { randomUUID } from 'node:crypto';
import { refusal, Refusal, type Answer, type Members } from '../answer.js';
import type { Interactions } from '../interactions.js';
import type { LoopbackClient, LoopbackUser } from '../loopback.options.js';
import { textPage } from '../page.js';
import type { LoopbackRequest } from '../server.js';
import { authenticateClient, type FindClient } from './clients.js';
import type { Grants } from './grants.js';

export interface AuthorizationParts {
  readonly issuer: () => string;
  readonly find: FindClient;
  readonly grants: Grants;
  readonly interactions: Interactions;
  readonly requirePkce: boolean;
  readonly requirePushed: boolean;
}

interface Pushed {
  readonly clientId: string;
  readonly parameters: URLSearchParams;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Seconds that a pushed request waits for its browser. */
const pushedLifetime = 60;

/** The authorization endpoint (RFC 6749 §4.1.1, RFC 7636, RFC 9207) and the one that takes pushed requests (RFC 9126). */
export class Authorization {
  private readonly pushed = new Map<string, Pushed>();

  constructor(private readonly parts: AuthorizationParts) {}

  push(request: LoopbackRequest): Answer {
    const { find, grants } = this.parts;
    const client = authenticateClient(request, find);
    const parameters = new URLSearchParams(request.form);
    parameters.delete('client_secret');
    parameters.set('client_id', client.clientId);
    if (parameters.has('request_uri')) throw refusal(400, 'invalid_request', 'request_uri cannot be pushed');
    redirectUriOf(parameters, client);
    const problem = this.problemOf(parameters);
    if (problem !== undefined) throw refusal(400, problem.error, problem.error_description);
    const uri = `urn:ietf:params:oauth:request_uri:${randomUUID()}`;
    const expiresAt = grants.now() + pushedLifetime * 1000;
    this.pushed.set(uri, { clientId: client.clientId, parameters, expiresAt });
    return { kind: 'json', status: 201, members: { request_uri: uri, expires_in: pushedLifetime } };
  }

  authorize({ method, url, form }: LoopbackRequest): Answer {
    const sent = method === 'POST' ? form : url.searchParams;
    try {
      const client = this.parts.find(sent.get('client_id') ?? '');
      if (client === undefined) throw refusal(400, 'invalid_request', 'client_id names no client');
      const parameters = this.parametersOf(sent, client);
      const back = backTo(parameters, client, this.parts.issuer());
      const problem = this.problemOf(parameters);
      if (problem !== undefined) return back(problem);
      return this.parts.interactions.ask(client.clientId, (user) =>
        back(user === undefined ? { error: 'access_denied' } : { code: this.codeFor(user, client, parameters) }),
      );
    } catch (error) {
      throw error instanceof Refusal ? forPeople(error) : error;
    }
  }

  /** Those of the browser, or those that were pushed before: once, and by this client. */
  private parametersOf(sent: URLSearchParams, { clientId }: LoopbackClient): URLSearchParams {
    const uri = sent.get('request_uri');
    if (uri === null) {
      if (this.parts.requirePushed) throw refusal(400, 'invalid_request', 'the request must be pushed (RFC 9126 §5)');
      return sent;
    }
    const pushed = this.pushed.get(uri);
    this.pushed.delete(uri);
    if (pushed === undefined || pushed.clientId !== clientId || this.parts.grants.now() >= pushed.expiresAt)
      throw refusal(400, 'invalid_request_uri', 'request_uri is unknown, used or expired');
    return pushed.parameters;
  }

  /** What the application is told, because the redirect URI is its own. */
  private problemOf(parameters: URLSearchParams): { error: string; error_description: string } | undefined {
    const invalid = (error_description: string) => ({ error: 'invalid_request', error_description });
    const names = [...parameters.keys()];
    if (new Set(names).size < names.length) return invalid('a parameter stands there twice (RFC 6749 §3.1)');
    if (parameters.get('response_type') !== 'code')
      return { error: 'unsupported_response_type', error_description: 'response_type is not code' };
    if (!['query', 'form_post'].includes(parameters.get('response_mode') ?? 'query'))
      return invalid('response_mode is neither query nor form_post');
    const challenge = parameters.get('code_challenge');
    if (challenge === null) return this.parts.requirePkce ? invalid('code_challenge is missing') : undefined;
    if (parameters.get('code_challenge_method') !== 'S256') return invalid('code_challenge_method is not S256');
    if (!/^[\w-]{43}$/.test(challenge)) return invalid('code_challenge is no SHA-256 in base64url');
    return undefined;
  }

  private codeFor(user: LoopbackUser, { clientId }: LoopbackClient, parameters: URLSearchParams): string {
    const { grants } = this.parts;
    const scope = (parameters.get('scope') ?? '').split(/[ ,]/).filter(Boolean);
    const authTime = Math.floor(grants.now() / 1000);
    return grants.issueCode({
      grant: { user, clientId, scope, authTime, alive: true },
      redirectUri: parameters.get('redirect_uri')!,
      codeChallenge: parameters.get('code_challenge') ?? undefined,
      nonce: parameters.get('nonce') ?? undefined,
    });
  }
}

/** A redirect URI that is not the client's gets no answer (RFC 6749 §3.1.2.4). */
function redirectUriOf(parameters: URLSearchParams, { redirectUris }: LoopbackClient): string {
  const uri = parameters.get('redirect_uri');
  if (uri === null || !URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol))
    throw refusal(400, 'invalid_request', 'redirect_uri is missing or no URL');
  if (redirectUris !== undefined && !redirectUris.includes(uri))
    throw refusal(400, 'invalid_request', 'redirect_uri is not registered');
  return uri;
}

function backTo(parameters: URLSearchParams, client: LoopbackClient, iss: string): (members: Members) => Answer {
  const to = redirectUriOf(parameters, client);
  const state = parameters.get('state') ?? undefined;
  const kind = parameters.get('response_mode') === 'form_post' ? 'form_post' : 'redirect';
  return (members) => ({ kind, to, members: { ...members, state, iss } });
}

function forPeople({ answer }: Refusal): Refusal {
  const { members, status } = answer as Extract<Answer, { kind: 'json' }>;
  const html = textPage('This log-in cannot go on', String(members['error_description']));
  return new Refusal({ kind: 'page', html, ...(status !== undefined && { status }) });
}
