import { atProvider } from './provider-errors.js';

describe('atProvider', () => {
  it.each([
    [new TypeError('Headers.set: "Bearer canary" is an invalid header value.'), 'TypeError'],
    [new RangeError('canary'), 'RangeError'],
    ['canary', 'string'],
  ])('O63 repeats no message that could quote a secret: %p', async (error, reason) => {
    const step = atProvider('userinfo', () => {
      throw error;
    });
    await expect(step).rejects.toMatchObject({ failure: { error: { reason: `userinfo: ${reason}` } } });
  });
});
