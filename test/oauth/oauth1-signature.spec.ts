import { jest } from '@jest/globals';
import { requestSigner } from '../../libs/auth/src/oauth/oauth1/request-signer.js';
import { Random } from '../fuzz/random.js';
import { describeWithOAuthlib, judged } from './oauth1-provider.js';

jest.setTimeout(60_000);

const form = 'application/x-www-form-urlencoded';
/** Everything that one of RFC 3986, forms and RFC 5849 writes in a way of its own. */
const letters = [...'aZ09-._~', ...' !\'()*"#$%&+,/:;<=>?@[]^`{|}\\', 'é', 'ß', '中', '😀', '\u0301', '\0', '\n'];

describeWithOAuthlib('base strings beside those of oauthlib', () => {
  it.each([1, 2, 3])('O58 are the same for any query, form and place of the signature (seed %d)', (seed) => {
    const random = new Random(seed);
    const cases = Array.from({ length: 1500 }, () => signedAtRandom(random));
    const theirs = judged(cases.map(({ sent }) => sent));
    const different = cases.filter(({ baseString }, index) => baseString !== theirs[index]);
    expect(different.map(({ sent, baseString }) => ({ sent, baseString }))).toEqual([]);
    expect(cases.some(({ baseString }) => baseString.includes('%25F0%259F%2598%2580'))).toBe(true);
  });
});

function signedAtRandom(random: Random) {
  let baseString = '';
  const sign = requestSigner({
    consumerKey: textOf(random),
    signatureMethod: 'HMAC-SHA1',
    clock: { now: () => 1e12 + random.below(1e12) },
    signatureType: random.pick(['header', 'query', 'body']),
    signature: (text) => {
      baseString = text;
      return random.text(28, 'abcABC+/=');
    },
  });
  const bodies = [
    { body: formOf(random), type: form },
    { body: formOf(random), type: `${form}; charset=utf-8` },
    { body: new URLSearchParams(formOf(random)), type: undefined },
    { body: JSON.stringify({ [textOf(random)]: textOf(random) }), type: 'application/json' },
    { body: undefined, type: undefined },
  ];
  const { body, type } = random.pick(bodies);
  const headers = new Headers(type === undefined ? {} : { 'content-type': type });
  const query = random.oneIn(4) ? '' : `?${random.oneIn(2) ? formOf(random) : uriQueryOf(random)}`;
  const request = {
    method: random.pick(['GET', 'POST', 'put', 'Patch', 'DELETE']),
    url: urlOf(random) + query,
    headers,
    body,
  };
  const token = { oauth_token: textOf(random), ...(random.oneIn(3) && { oauth_verifier: textOf(random) }) };
  const { body: sentBody, ...sent } = sign(request, { parameters: token, tokenSecret: '' });
  return {
    sent: { ...sent, headers: Object.fromEntries(sent.headers), body: typeof sentBody === 'string' ? sentBody : '' },
    baseString,
  };
}

/** Not of the form `%41`: oauthlib decodes protocol parameters of a query twice. */
function textOf(random: Random): string {
  return Array.from({ length: random.below(8) }, () => random.pick(letters))
    .join('')
    .replaceAll('%', '');
}

/** Names that come twice, and empty names and values. */
function formOf(random: Random): string {
  const name = () =>
    random.pick(['a', 'a', 'b', Array.from({ length: random.below(5) }, () => random.pick(letters)).join('')]);
  const pairs = Array.from({ length: random.below(6) }, (): [string, string] => [
    name(),
    random.oneIn(3) ? '' : textOf(random),
  ]);
  return new URLSearchParams(pairs).toString();
}

/** As encodeURIComponent writes it, and a name without a value. */
function uriQueryOf(random: Random): string {
  const pairs = Array.from({ length: 1 + random.below(4) }, () => {
    const name = encodeURIComponent(textOf(random) || 'x');
    return random.oneIn(4) ? name : `${name}=${encodeURIComponent(textOf(random))}`;
  });
  return pairs.join('&');
}

function urlOf(random: Random): string {
  const origin = random.pick([
    'https://API.example',
    'http://api.example:80',
    'https://api.example:8443',
    'http://127.0.0.1:3000',
  ]);
  return `${origin}/${encodeURIComponent(textOf(random))}${random.pick(['', '/', '/x'])}`;
}
