import { isAllowedEndpoint, OutboundError, outboundFetch } from './outbound-fetch.js';

describe('outboundFetch', () => {
  it.each([
    'http://192.0.2.1/',
    'http://169.254.169.254/latest',
    'http://localhost.evil.example/',
    'ftp://127.0.0.1/',
    'no URL',
  ])('OC-13 asks nothing at %s', async (url) => {
    const asked = outboundFetch({ timeout: 1, allowInsecureLoopback: true })(url, { method: 'GET', headers: {} });
    await expect(asked).rejects.toBeInstanceOf(OutboundError);
    await expect(asked).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('OC-13 asks nothing on loopback over http unless told', async () => {
    const asked = outboundFetch({ timeout: 1, allowInsecureLoopback: false })('http://127.0.0.1:1/', {
      method: 'GET',
      headers: {},
    });
    await expect(asked).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('tells the code of a failure, and no URL', async () => {
    const asked = outboundFetch({ timeout: 1, allowInsecureLoopback: true })('http://127.0.0.1:1/?secret', {
      method: 'GET',
      headers: {},
    });
    await expect(asked).rejects.toMatchObject({ kind: 'unreachable', message: expect.not.stringContaining('secret') });
  });
});

it.each<[unknown, boolean, boolean]>([
  ['https://sso.example.com/token', false, true],
  ['http://127.0.0.1/token', true, true],
  ['http://127.0.0.1/token', false, false],
  ['http://sso.example.com/token', true, false],
  ['javascript:alert(1)', true, false],
  ['//sso.example.com', true, false],
  [undefined, true, false],
  [5, true, false],
])('OC-13 isAllowedEndpoint(%j, %j) is %j', (url, allowInsecureLoopback, expected) => {
  expect(isAllowedEndpoint(url, allowInsecureLoopback)).toBe(expected);
});
