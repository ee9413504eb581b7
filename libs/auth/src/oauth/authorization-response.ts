import * as oauth from 'oauth4webapi';
import { AuthError } from '../auth.errors.js';
import type { DanceDenial } from './dance.js';
import type { Flow } from './flow.js';
import { textAt } from './identity-paths.js';
import type { ProviderMetadata } from './provider-metadata.js';
import { refuse } from './provider-errors.js';
import { descriptionOf, pageOf, wordOf } from './provider-words.js';
import type { CodeProvider } from './provider.js';
import { isTenantIssuer } from './tenant-issuer.js';

/** The provider's answer in the browser: a code that can be exchanged, or its no. */
export type AuthorizationResponse = CodeResponse | DanceDenial;

export interface CodeResponse {
  readonly kind: 'code';
  /** Checked: oauth4webapi exchanges no others. */
  readonly parameters: URLSearchParams;
  /** What the user is called, where it says so: nothing proves it. */
  readonly name: string | undefined;
  /** What it says was granted, of a provider that says so here: nothing proves it. */
  readonly scope: readonly string[] | undefined;
}

/** Longer ones are none of ours: they are not even hashed. */
const longestState = 128;

/**
 * The state of an answer, before anything is known of it.
 *
 * @throws AuthError `oauth_response_invalid` when the answer came another way than it was asked for, or is none.
 */
export function stateOf({ responseMode }: CodeProvider, method: string, values: URLSearchParams): string {
  if (method !== (responseMode === 'form_post' ? 'POST' : 'GET'))
    throw invalid(`it came by ${method}, and response_mode is ${responseMode}`);
  for (const name of ['state', 'code', 'error', 'iss']) {
    if (values.getAll(name).length > 1) throw invalid(`it has two parameters ${name}`);
  }
  const state = values.get('state') ?? '';
  if (state === '' || state.length > longestState) throw invalid('it has no state');
  return state;
}

/**
 * Step 2 of 4: is this the answer to the flow, and of the provider that was asked (RFC 6749 §4.1.2, RFC 9207 §2.4)?
 *
 * @throws ProviderProblem
 */
export async function authorizationResponse(
  provider: CodeProvider,
  source: ProviderMetadata,
  values: URLSearchParams,
  flow: Flow,
): Promise<AuthorizationResponse> {
  const metadata = await source.get();
  const { client } = provider;
  try {
    const parameters = oauth.validateAuthResponse(metadata, client, comparable(provider, values), flow.state);
    if ((parameters.get('code') ?? '') === '')
      throw refuse('authorization', 'oauth_response_invalid', 'it has no code');
    return { kind: 'code', parameters, name: nameIn(provider, parameters), scope: scopeIn(provider, parameters) };
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) return denial(error.error, values);
    if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError)
      throw refuse('authorization', 'oauth_response_invalid', error.message);
    throw error;
  }
}

function denial(error: string, values: URLSearchParams): DanceDenial {
  const [description, uri] = ['error_description', 'error_uri'].map((name) => values.get(name));
  return {
    kind: 'denied',
    word: wordOf(error) ?? 'server_error',
    description: descriptionOf(description),
    uri: pageOf(uri),
  };
}

/** What is said of the issuer, by a provider whose issuer is known. */
function comparable(provider: CodeProvider, values: URLSearchParams): URLSearchParams {
  const iss = values.get('iss');
  if (iss === null) return values;
  if (provider.kind === 'oidc') {
    const { issuerTemplate: template } = provider;
    return template !== undefined && isTenantIssuer(iss, template) ? withIss(values, template) : values;
  }
  if (provider.issuer === undefined)
    throw refuse(
      'authorization',
      'oauth_response_invalid',
      "it has iss, and no issuer is configured: set issuer to the provider's, or to 'ignore'",
    );
  if (provider.issuer !== 'ignore') return values;
  return withIss(values, undefined);
}

function withIss(values: URLSearchParams, iss: string | undefined): URLSearchParams {
  const others = new URLSearchParams(values);
  others.delete('iss');
  if (iss !== undefined) others.set('iss', iss);
  return others;
}

/** Characters of JSON. */
const longestName = 2_048;

function nameIn(provider: CodeProvider, parameters: URLSearchParams): string | undefined {
  const text = provider.kind === 'oidc' ? (parameters.get(provider.nameParameter ?? '') ?? '') : '';
  if (text === '' || text.length > longestName) return undefined;
  try {
    const user: unknown = JSON.parse(text);
    const names = ['name.firstName', 'name.lastName'].map((path) => textAt(user, path)).filter(Boolean);
    return names.join(' ') || undefined;
  } catch {
    return undefined;
  }
}

function scopeIn(provider: CodeProvider, parameters: URLSearchParams): readonly string[] | undefined {
  const isTold = provider.kind === 'oauth2' && provider.scopeInResponse;
  return isTold ? parameters.get('scope')?.split(/[\s,]+/) : undefined;
}

function invalid(reason: string): AuthError {
  return new AuthError('oauth_response_invalid', { reason: `authorization: ${reason}` });
}
