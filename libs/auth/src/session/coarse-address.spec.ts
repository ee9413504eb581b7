import { coarseAddress } from './coarse-address.js';

describe('the coarse address of a client', () => {
  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['::FFFF:CB00:714D', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:0DB8:0001:0002::6', '2001:db8:1::/48'],
    ['2001:db8::6', '2001:db8::/48'],
    ['fe80::1%eth0', 'fe80::/48'],
    ['::1', '0::/48'],
  ])('of %s is %s', (address, network) => {
    expect(coarseAddress(address)).toBe(network);
  });

  it.each(['', 'localhost', '203.0.113', '203.0.113.77, 10.0.0.1', '[::1]', '203.0.113.77:80', 'unknown'])(
    'is none of %j',
    (text) => {
      expect(coarseAddress(text)).toBeUndefined();
    },
  );
});
