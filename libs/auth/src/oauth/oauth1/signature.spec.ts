import { generateKeyPairSync, verify } from 'node:crypto';
import { percentEncode } from './percent-encoding.js';
import { signatureBaseString, type Parameter } from './signature-base-string.js';
import { hmacSignature, plaintextSignature, rsaSignature } from './signature.js';

const parameters = (...texts: string[]): Parameter[] => texts.flatMap((text) => [...new URLSearchParams(text)]);

describe('the examples of RFC 5849', () => {
  it('O58 §3.4.1.1: a query, a form and parameters of the protocol', () => {
    const url = new URL('http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b');
    const own = 'oauth_consumer_key=9djdj82h48djs9d2&oauth_token=kkk9d7dh3k39sjv7&oauth_signature_method=HMAC-SHA1';
    const all = parameters(url.search, 'c2&a3=2+q', `${own}&oauth_timestamp=137131201&oauth_nonce=7d8f3e4a`);
    expect(signatureBaseString('post', url, all)).toBe(
      'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q' +
        '%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2' +
        '%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201' +
        '%26oauth_token%3Dkkk9d7dh3k39sjv7',
    );
  });

  it.each<[string, string, string, string, string, string]>([
    [
      'temporary credentials',
      'POST',
      'https://photos.example.net/initiate',
      'oauth_timestamp=137131200&oauth_nonce=wIjqoS&oauth_callback=http%3A%2F%2Fprinter.example.com%2Fready',
      '',
      '74KNZJeDHnMBp0EMJ9ZHt/XKycU=',
    ],
    [
      'token credentials',
      'POST',
      'https://photos.example.net/token',
      'oauth_token=hh5s93j4hdidpola&oauth_timestamp=137131201&oauth_nonce=walatlh&oauth_verifier=hfdp7dh39dks9884',
      'hdhd0244k9j7ao03',
      'gKgrFCywp7rO0OXSjdot/IHF7IU=',
    ],
    [
      'a photo',
      'GET',
      'http://photos.example.net/photos?file=vacation.jpg&size=original',
      'oauth_token=nnch734d00sl2jdk&oauth_timestamp=137131202&oauth_nonce=chapoH',
      'pfkkdhi9sl3r4s00',
      'MdpQcU8iPSUjWoN/UDMsK2sui9I=',
    ],
  ])('O55 §1.2: %s', (_what, method, address, own, tokenSecret, signature) => {
    const url = new URL(address);
    const client = 'oauth_consumer_key=dpf43f3p2l4k3l03&oauth_signature_method=HMAC-SHA1';
    const baseString = signatureBaseString(method, url, parameters(url.search, client, own));
    expect(hmacSignature('sha1', 'kd94hf93k423kf44')(baseString, tokenSecret)).toBe(signature);
  });
});

describe('a base string', () => {
  it.each([
    ['ladies + gentlemen', 'ladies%20%2B%20gentlemen'],
    ["-._~ !*'()", '-._~%20%21%2A%27%28%29'],
    ['ü☃𝄞', '%C3%BC%E2%98%83%F0%9D%84%9E'],
    ['%41', '%2541'],
  ])('O58 OC-14 encodes %s', (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded);
  });

  it.each([
    // in bytes of what is encoded: %5B comes before 1, and a before a-b, whatever is behind the =
    ['a-b=1&a=2', 'a%3D2%26a-b%3D1'],
    ['a=b&a=&a=B', 'a%3D%26a%3DB%26a%3Db'],
    ['a1=x&a[=y', 'a%255B%3Dy%26a1%3Dx'],
    ['é=1&z=2', '%25C3%25A9%3D1%26z%3D2'],
  ])('O58 sorts %s', (query, normalized) => {
    const url = new URL('https://a.example/');
    expect(signatureBaseString('GET', url, parameters(query))).toBe(`GET&https%3A%2F%2Fa.example%2F&${normalized}`);
  });

  it.each([
    ['https://A.example:443/x', 'https://a.example/x'],
    ['http://a.example:8080/x', 'http://a.example:8080/x'],
    ['https://a.example:80/', 'https://a.example:80/'],
    ['https://a.example/a%20b/%7Ec', 'https://a.example/a%20b/%7Ec'],
    ['http://[::1]:3000/', 'http://[::1]:3000/'],
  ])('O58 says where %s goes', (url, written) => {
    expect(signatureBaseString('GET', new URL(url), [])).toBe(`GET&${percentEncode(written)}&`);
  });
});

describe('a signature', () => {
  it('O55 by HMAC-SHA256 is another than by HMAC-SHA1, and each key another', () => {
    const sign = (digest: 'sha1' | 'sha256', one: string, other: string) => hmacSignature(digest, one)('text', other);
    const all = [sign('sha1', 'a', 'b'), sign('sha256', 'a', 'b'), sign('sha1', 'a', ''), sign('sha1', 'a&b', '')];
    expect(new Set(all).size).toBe(4);
    expect(sign('sha256', 'a', 'b')).toHaveLength(44);
  });

  it('O55 by RSA-SHA1 is one of PKCS #1 v1.5', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signature = Buffer.from(rsaSignature(privateKey)('text', 'secret'), 'base64');
    expect(verify('sha1', Buffer.from('text'), publicKey, signature)).toBe(true);
  });

  it('O55 by PLAINTEXT is both secrets, encoded (RFC 5849 §3.4.4)', () => {
    expect(plaintextSignature('djr9rjt0jd78jf88')('text', 'jjd999tj88uiths3')).toBe(
      'djr9rjt0jd78jf88&jjd999tj88uiths3',
    );
    expect(plaintextSignature('a&b')('text', '')).toBe('a%26b&');
  });
});
