import { AuthError } from '../../auth.errors.js';
import type { ApiRequest } from '../client/api-request.js';
import { requestSigner, type SignatureType } from './request-signer.js';

const clock = { now: () => 1_783_000_000_999 };
const form = 'application/x-www-form-urlencoded';

/** @returns what is sent, and what was signed. */
function signed(request: Partial<ApiRequest> & { type?: string }, signatureType: SignatureType = 'header') {
  const baseStrings: string[] = [];
  const sign = requestSigner({
    consumerKey: 'app',
    signatureMethod: 'HMAC-SHA1',
    signatureType,
    clock,
    signature: (baseString, tokenSecret) => {
      baseStrings.push(baseString);
      return `of ${tokenSecret}`;
    },
  });
  const { type, ...rest } = request;
  const headers = new Headers(type === undefined ? {} : { 'content-type': type });
  const given = { method: 'GET', url: 'https://api.example/a?b=c', headers, ...rest };
  const sent = sign(given, { parameters: { oauth_token: 't/t' }, tokenSecret: 's' });
  const [, , parameters] = baseStrings[0]!.split('&').map(decodeURIComponent);
  return { sent, given, names: parameters!.split('&').map((pair) => pair.split('=')[0]), baseString: baseStrings[0]! };
}

const own = ['consumer_key', 'nonce', 'signature_method', 'timestamp', 'token', 'version'].map(
  (name) => `oauth_${name}`,
);

describe('a signed request', () => {
  it('O58 has the parameters of the protocol in its header', () => {
    const { sent, given } = signed({});
    expect(sent.headers.get('authorization')).toMatch(
      /^OAuth oauth_consumer_key="app", oauth_nonce="[0-9a-f]{30}", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1783000000", oauth_version="1.0", oauth_token="t%2Ft", oauth_signature="of%20s"$/,
    );
    expect([sent.url, sent.body]).toEqual(['https://api.example/a?b=c', undefined]);
    expect(given.headers.has('authorization')).toBe(false);
  });

  it('OC-14 has another nonce each time', () => {
    const nonces = Array.from(
      { length: 1000 },
      () => /nonce="(\w+)"/.exec(signed({}).sent.headers.get('authorization')!)![1],
    );
    expect(new Set(nonces).size).toBe(1000);
  });

  it.each([
    ['https://api.example/a?b=c', 'https://api.example/a?b=c&oauth_consumer_key=app&'],
    ['https://api.example/a', 'https://api.example/a?oauth_consumer_key=app&'],
    ['https://api.example/a?', 'https://api.example/a?oauth_consumer_key=app&'],
    ['https://api.example/a?b=%20+?&c#d?e', 'https://api.example/a?b=%20+?&c&oauth_consumer_key=app&'],
  ])('O58 has them behind the query of %s', (url, start) => {
    const { sent } = signed({ url }, 'query');
    expect(sent.url.startsWith(start)).toBe(true);
    expect(sent.url).toMatch(/&oauth_signature=of%20s$/);
    expect(sent.headers.has('authorization')).toBe(false);
  });

  it.each<[string, Parameters<typeof signed>[0], string | undefined]>([
    ['an empty POST', { method: 'POST' }, ''],
    ['a form', { method: 'POST', body: 'x=1', type: form }, 'x=1&'],
    ['parameters', { method: 'put', body: new URLSearchParams({ x: '1 2' }) }, 'x=1+2&'],
    ['a GET', {}, undefined],
    ['an empty DELETE', { method: 'DELETE' }, undefined],
    ['JSON', { method: 'POST', body: '{}', type: 'application/json' }, undefined],
    ['a plain text', { method: 'POST', body: 'x=1' }, undefined],
  ])('O58 has them in the body of %s, or else in the header', (_what, request, start) => {
    const { sent, given } = signed(request, 'body');
    if (start === undefined) {
      expect(sent.headers.get('authorization')).toMatch(/^OAuth /);
      expect(sent.body).toBe(given.body);
    } else {
      expect(String(sent.body).startsWith(`${start}oauth_consumer_key=app&`)).toBe(true);
      expect([sent.headers.get('content-type'), sent.headers.has('authorization')]).toEqual([form, false]);
    }
  });

  it.each<[string, Parameters<typeof signed>[0], string[]]>([
    ['a form', { method: 'POST', body: 'x=1&x=', type: form }, ['b', ...own, 'x', 'x']],
    [
      'a form with a charset',
      { method: 'POST', body: 'x', type: `${form.toUpperCase()} ; charset=UTF-8` },
      ['b', ...own, 'x'],
    ],
    ['parameters', { method: 'POST', body: new URLSearchParams({ x: 'ü' }) }, ['b', ...own, 'x']],
    [
      'parameters of another type',
      { method: 'POST', body: new URLSearchParams('x=1'), type: 'text/plain' },
      ['b', ...own],
    ],
    ['JSON', { method: 'POST', body: '{"x":1}', type: 'application/json' }, ['b', ...own]],
    ['a plain text', { method: 'POST', body: 'x=1' }, ['b', ...own]],
    ['another form', { method: 'POST', body: new FormData() }, ['b', ...own]],
    ['bytes', { method: 'POST', body: new Uint8Array([1]), type: 'application/octet-stream' }, ['b', ...own]],
  ])('O58 signs what is in %s as RFC 5849 §3.4.1.3.1 asks', (_what, request, names) => {
    expect(signed(request).names).toEqual(names);
  });

  it('O58 sends the text that was signed, as a form', () => {
    const { sent } = signed({ method: 'POST', body: new URLSearchParams({ x: 'ü &' }) });
    expect([sent.body, sent.headers.get('content-type')]).toEqual(['x=%C3%BC+%26', `${form};charset=UTF-8`]);
  });

  it('O58 sends the method that was signed', () => {
    const { sent, baseString } = signed({ method: 'patch' });
    expect([sent.method, baseString.slice(0, 6)]).toEqual(['PATCH', 'PATCH&']);
  });

  it.each<[string, Parameters<typeof signed>[0]]>([
    ['the query', { url: 'https://api.example/a?oauth_token=another' }],
    ['a form', { method: 'POST', body: 'oauth_verifier=x', type: form }],
    ['parameters', { method: 'POST', body: new URLSearchParams({ oauth_signature: 'x' }) }],
  ])('OC-14 is refused with a parameter of the protocol in %s', (_what, request) => {
    expect(() => signed(request)).toThrow(expect.objectContaining({ code: 'oauth_url_refused' }));
  });

  it('O58 is refused where nobody can read its form', () => {
    expect(() => signed({ method: 'POST', body: new Uint8Array([120]), type: form })).toThrow(AuthError);
    expect(signed({ method: 'POST', type: form }).sent.body).toBeUndefined();
  });
});
