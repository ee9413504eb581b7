import { applyDecorators, Header } from '@nestjs/common';

/**
 * Scripts, styles and forms of our own alone, none of them written into a page, and no frame around it.
 *
 * A page does tell our own origin where a request comes from: with `no-referrer` a form would say `Origin: null`.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** A handler that answers a page, as text. */
export const Page = (): MethodDecorator =>
  applyDecorators(...Object.entries(pageHeaders).map(([name, value]) => Header(name, value)));
