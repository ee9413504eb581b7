import { runCommandLine } from '../../libs/auth/src/cli/command-line.js';
import { Sealer } from '../../libs/auth/src/auth.sealer.js';
import { toSecret } from '../../libs/auth/src/jwt/hmac-key.js';
import { TextTerminal } from './text-terminal.js';

async function secret(...words: string[]): Promise<string> {
  const terminal = new TextTerminal();
  expect(await runCommandLine(['secret', ...words], terminal)).toBe(0);
  expect(terminal.said.stderr).toBe('');
  return terminal.said.stdout;
}

describe('latchkey secret', () => {
  it.each(['HS256', 'HS384', 'HS512'] as const)(
    'prints a fresh line that %s takes, and nothing else',
    async (algorithm) => {
      const [one, other] = [await secret('--algorithm', algorithm), await secret('--algorithm', algorithm)];
      expect(one).toMatch(/^[\w-]{43,}\n$/);
      expect(one).not.toBe(other);
      // as many random bytes as the hash has, before they are made text
      const bytes = { HS256: 32, HS384: 48, HS512: 64 }[algorithm];
      expect(Buffer.from(one, 'base64url')).toHaveLength(bytes);
      expect(toSecret('jwt.secret', algorithm, one.trim()).type).toBe('secret');
    },
  );

  it('prints a key of encryption', async () => {
    const sealer = new Sealer('encryptionKeys', [{ id: '2026', key: (await secret()).trim() }]);
    expect(sealer.open(sealer.seal('text', []), [])).toBe('text');
  });
});
