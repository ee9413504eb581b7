import { StreamableFile, type ExecutionContext } from '@nestjs/common';
import type { AuthErrorName, ErrorHandler } from 'nest-latchkey';
import { pageHeaders } from './page.decorator.js';
import { refusalOf } from './refusal.js';
import { refusalPage } from './refusal-page.js';

/** Where the log-in with a provider can end. */
const names: readonly AuthErrorName[] = [
  'oauthProviderUnknown',
  'oauthResponseInvalid',
  'oauthFlowUnknown',
  'oauthFlowExpired',
  'oauthDenied',
  'oauthGrantRefused',
  'oauthIdTokenInvalid',
  'oauthUserRefused',
  'oauthLinkRefused',
  'oauthIdentityTaken',
  'oauthProviderFailed',
  'oauthProviderUnavailable',
  'oauthProviderTimeout',
  'storeUnavailable',
];

/** The routes of the library answer in JSON: whoever comes to them with a browser gets a page. */
const asPage: ErrorHandler = ({ error, context }) => {
  if (!isVisited(context)) return undefined;
  const { status, text, headers } = refusalOf(error);
  const { 'Content-Type': type, ...others } = pageHeaders;
  const page = Buffer.from(refusalPage(text));
  const body = new StreamableFile(page, { type: type!, length: page.byteLength });
  // a URL here holds a code: not even our own log shall get it as the Referer
  return { status, body, headers: { ...others, 'Referrer-Policy': 'no-referrer', ...headers } };
};

export const oauthRefusals = Object.fromEntries(names.map((name) => [name, asPage]));

function isVisited(context: ExecutionContext): boolean {
  const { url, headers } = context.switchToHttp().getRequest<{ url: string; headers: { accept?: string } }>();
  return url.startsWith('/login/') && /\btext\/html\b/.test(headers.accept ?? '');
}
