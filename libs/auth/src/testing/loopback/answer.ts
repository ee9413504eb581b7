import { formPostPage } from './page.js';

/** By name; undefined is left out. */
export type Members = Readonly<Record<string, unknown>>;

/** What an endpoint answers, before it is written: `members` are what a fault can change. */
export type Answer =
  | { readonly kind: 'json'; readonly members: Members; readonly status?: number; readonly headers?: Headers }
  | { readonly kind: 'form'; readonly members: Members; readonly status?: number; readonly headers?: Headers }
  | { readonly kind: 'redirect' | 'form_post'; readonly to: string; readonly members: Members }
  | { readonly kind: 'page'; readonly html: string; readonly status?: number };

type Headers = Readonly<Record<string, string>>;

export interface Written {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A request that is refused: an error answer in the protocol's own words. */
export class Refusal extends Error {
  constructor(readonly answer: Answer) {
    super('refused');
  }
}

/** RFC 6749 §5.2. The description is for whoever debugs a test. */
export function refusal(status: number, error: string, error_description: string, headers: Headers = {}): Refusal {
  return new Refusal({ kind: 'json', status, members: { error, error_description }, headers });
}

export function written(answer: Answer): Written {
  const noStore = { 'cache-control': 'no-store' };
  const { status = 200, headers = {} } = answer as { status?: number; headers?: Headers };
  switch (answer.kind) {
    case 'json': {
      const body = JSON.stringify(answer.members);
      return { status, headers: { ...noStore, 'content-type': 'application/json', ...headers }, body };
    }
    case 'form': {
      const type = { 'content-type': 'application/x-www-form-urlencoded' };
      return { status, headers: { ...noStore, ...type, ...headers }, body: formOf(answer.members).toString() };
    }
    case 'redirect': {
      const target = new URL(answer.to);
      for (const [name, value] of formOf(answer.members)) target.searchParams.set(name, value);
      return { status: 302, headers: { ...noStore, location: target.href }, body: '' };
    }
    case 'form_post':
      return page(formPostPage(answer.to, [...formOf(answer.members)]), 200, noStore);
    case 'page':
      return page(answer.html, status, noStore);
  }
}

function page(html: string, status: number, headers: Headers): Written {
  return { status, headers: { ...headers, 'content-type': 'text/html; charset=utf-8' }, body: html };
}

function formOf(members: Members): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) if (value !== undefined) form.set(name, String(value));
  return form;
}
