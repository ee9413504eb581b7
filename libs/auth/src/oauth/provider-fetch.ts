import { valueAt } from './identity-paths.js';
import type { outboundFetch, OutboundRequest } from './outbound-fetch.js';
import type { CodeProvider } from './provider.js';

type Fetch = ReturnType<typeof outboundFetch>;
type Answer = Record<string, unknown>;

/** Requests to one provider: what its token endpoint says in a way of its own is put into the words of RFC 6749 §5. */
export function providerFetch(provider: CodeProvider, fetch: Fetch): Fetch {
  return async (url: string, request: OutboundRequest): Promise<Response> => {
    const response = await fetch(url, request);
    const isTokenRequest = request.body instanceof URLSearchParams && request.body.has('grant_type');
    return isTokenRequest ? inStandardWords(provider, response) : response;
  };
}

/** What is no object of JSON stays as it is. */
async function inStandardWords(provider: CodeProvider, response: Response): Promise<Response> {
  const { status, headers } = response;
  const text = await response.text();
  const answer = parsed(text);
  if (answer === undefined) return new Response(text, { status, headers });
  const word = errorWord(provider, answer);
  if (word !== undefined || answer['ok'] === false) return errorAnswer(provider, answer, word, status, headers);
  return Response.json(status === 200 ? tokenAnswer(provider, answer) : answer, { status, headers: kept(headers) });
}

function errorWord({ tokenErrorMember: member }: CodeProvider, answer: Answer): string | undefined {
  const words = [answer['error'], member && valueAt(answer, member)];
  return words.find((word): word is string => typeof word === 'string' && word !== '');
}

/** Some answer 200 for errors too: GitHub, Slack. */
function errorAnswer(
  { tokenErrors }: CodeProvider,
  answer: Answer,
  own: string | undefined,
  status: number,
  headers: Headers,
): Response {
  const word = own ?? String(answer['error'] ?? 'server_error');
  const error = Object.hasOwn(tokenErrors, word) ? tokenErrors[word] : word;
  return Response.json({ ...answer, error }, { status: status === 200 ? 400 : status, headers: kept(headers) });
}

function tokenAnswer(provider: CodeProvider, answer: Answer): Answer {
  const tokens = provider.kind === 'oauth2' ? plainTokens(provider, answer) : answer;
  return tokens['scope'] === undefined ? tokens : { ...tokens, scope: scopeText(provider, tokens['scope']) };
}

type OAuth2Provider = Extract<CodeProvider, { kind: 'oauth2' }>;

function plainTokens({ tokenTypeIsBearer, userTokenMember }: OAuth2Provider, answer: Answer): Answer {
  const ofUser = userTokenMember === undefined ? undefined : valueAt(answer, userTokenMember);
  const isOfUser = answer['access_token'] === undefined && typeof ofUser === 'object';
  // nobody checks its signature here, so nobody shall read it, whichever of the two it stands in
  const { id_token: _unchecked, ...own } = isOfUser ? { ...answer, ...ofUser } : answer;
  return tokenTypeIsBearer ? { ...own, token_type: 'Bearer' } : own;
}

/** Values with spaces between them, in the words of the request. Some put commas, or write a list. */
function scopeText({ scope, applicationScope = [], scopeAliases }: CodeProvider, granted: unknown): unknown {
  const isList = Array.isArray(granted) && granted.every((value) => typeof value === 'string');
  if (!isList && typeof granted !== 'string') return granted;
  // a comma may be part of a value (RFC 6749 §3.3), and then it was asked for so
  const separator = [...scope, ...applicationScope].some((value) => value.includes(',')) ? /\s+/ : /[\s,]+/;
  const values = isList ? granted : (granted as string).split(separator).filter(Boolean);
  return values.map((value) => (Object.hasOwn(scopeAliases, value) ? scopeAliases[value] : value)).join(' ');
}

function parsed(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Answer) : undefined;
  } catch {
    return undefined;
  }
}

/** What oauth4webapi reads. The length was that of another text. */
function kept(headers: Headers): Headers {
  const names = ['content-type', 'www-authenticate'].filter((name) => headers.has(name));
  return new Headers(names.map((name): [string, string] => [name, headers.get(name)!]));
}
