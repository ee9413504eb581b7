import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { isSignature, signatureBaseString, type Parameters, type SignedRequest } from './signature.js';

const client = { clientId: 'dpf43f3p2l4k3l03', clientSecret: 'kd94hf93k423kf44' };
const signed = (method: string, url: string, parameters: Record<string, string>): SignedRequest => ({
  method,
  url: new URL(url),
  parameters: [
    ['oauth_consumer_key', client.clientId],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ...Object.entries(parameters),
  ],
});

/** The requests of RFC 5849 §1.2, with their signatures, and the secret of the token that signs them. */
const examples: [what: string, request: SignedRequest, signature: string, tokenSecret: string][] = [
  [
    'temporary credentials',
    signed('POST', 'https://photos.example.net/initiate', {
      oauth_timestamp: '137131200',
      oauth_nonce: 'wIjqoS',
      oauth_callback: 'http://printer.example.com/ready',
    }),
    '74KNZJeDHnMBp0EMJ9ZHt/XKycU=',
    '',
  ],
  [
    'token credentials',
    signed('POST', 'https://photos.example.net/token', {
      oauth_token: 'hh5s93j4hdidpola',
      oauth_timestamp: '137131201',
      oauth_nonce: 'walatlh',
      oauth_verifier: 'hfdp7dh39dks9884',
    }),
    'gKgrFCywp7rO0OXSjdot/IHF7IU=',
    'hdhd0244k9j7ao03',
  ],
  [
    'a photo',
    signed('GET', 'http://photos.example.net/photos?file=vacation.jpg&size=original', {
      oauth_token: 'nnch734d00sl2jdk',
      oauth_timestamp: '137131202',
      oauth_nonce: 'chapoH',
      file: 'vacation.jpg',
      size: 'original',
    }),
    'MdpQcU8iPSUjWoN/UDMsK2sui9I=',
    'pfkkdhi9sl3r4s00',
  ],
];

it.each(examples)('takes the signature of RFC 5849 §1.2 for %s', (_what, request, signature, tokenSecret) => {
  expect(isSignature(signature, request, client, tokenSecret)).toBe(true);
  expect(isSignature(signature, request, client, `${tokenSecret}x`)).toBe(false);
  expect(isSignature(signature, { ...request, method: 'PUT' }, client, tokenSecret)).toBe(false);
  expect(isSignature(signature, { ...request, parameters: request.parameters.slice(0, -1) }, client, tokenSecret)).toBe(
    false,
  );
});

it('makes the base string of RFC 5849 §3.4.1.1', () => {
  const parameters: Parameters = [
    ['oauth_consumer_key', '9djdj82h48djs9d2'],
    ['oauth_token', 'kkk9d7dh3k39sjv7'],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', '137131201'],
    ['oauth_nonce', '7d8f3e4a'],
    ['oauth_signature', 'bYT5CMsGcbgUdFHObYMEfcx6bsw='],
    ...new URLSearchParams('b5=%3D%253D&a3=a&c%40=&a2=r%20b'),
    ...new URLSearchParams('c2&a3=2+q'),
  ];
  const url = new URL('http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b');
  expect(signatureBaseString({ method: 'post', url, parameters })).toBe(
    'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26' +
      'oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26' +
      'oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
  );
});

describe('by another method', () => {
  const request = (method: string): SignedRequest => ({
    method: 'GET',
    url: new URL('http://127.0.0.1/'),
    parameters: [['oauth_signature_method', method]],
  });

  it('takes a signature of the private key, and of no other', () => {
    const [own, other] = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ];
    const of = request('RSA-SHA1');
    const signature = sign('sha1', Buffer.from(signatureBaseString(of)), own.privateKey).toString('base64');
    const publicKey = createPublicKey(own.publicKey.export({ type: 'spki', format: 'pem' }));
    expect(isSignature(signature, of, { clientId: 'a', publicKey }, '')).toBe(true);
    expect(isSignature(signature, of, { clientId: 'a', publicKey: other.publicKey }, '')).toBe(false);
    expect(isSignature(signature, of, { clientId: 'a', clientSecret: 'b' }, '')).toBe(false);
  });

  it('takes both secrets for PLAINTEXT (§3.4.4)', () => {
    const secrets = { clientId: 'a', clientSecret: 'djr9rjt0jd78jf88' };
    expect(isSignature('djr9rjt0jd78jf88&jjd999tj88uiths3', request('PLAINTEXT'), secrets, 'jjd999tj88uiths3')).toBe(
      true,
    );
    expect(isSignature('djr9rjt0jd78jf88&', request('PLAINTEXT'), secrets, 'jjd999tj88uiths3')).toBe(false);
  });

  it('knows no other', () => {
    expect(isSignature('', request('HMAC-MD5'), client, '')).toBeUndefined();
  });
});
