import { algorithmNames, algorithms } from './algorithms.js';
import { generatePrivateKey } from './generate-key.js';
import { createJwtKey } from './keys.js';
import { signText, verifyText } from './signature.js';

const isSymmetric = (name: (typeof algorithmNames)[number]) => algorithms[name].family === 'HMAC';

describe('generatePrivateKey', () => {
  it.each(algorithmNames.filter((name) => !isSymmetric(name)))('makes a key that signs with %s', async (algorithm) => {
    const key = createJwtKey('option', { algorithm, key: await generatePrivateKey(algorithm) });
    expect(verifyText(key, 'input', signText(key, 'input'))).toBe(true);
  });

  it('makes another one each time', async () => {
    const [one, other] = [await generatePrivateKey('ES256'), await generatePrivateKey('ES256')];
    expect(one.equals(other)).toBe(false);
  });

  it.each(algorithmNames.filter(isSymmetric))('makes no secret for %s', async (algorithm) => {
    await expect(generatePrivateKey(algorithm)).rejects.toBeInstanceOf(TypeError);
  });
});
