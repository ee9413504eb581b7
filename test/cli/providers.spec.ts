import { presets } from 'nest-latchkey/providers';
import { runCommandLine } from '../../libs/auth/src/cli/command-line.js';
import type { PresetEntry } from '../../libs/auth/src/cli/providers/preset-list.js';
import { TextTerminal } from './text-terminal.js';

async function providers(...words: string[]): Promise<string> {
  const terminal = new TextTerminal();
  expect(await runCommandLine(['providers', ...words], terminal)).toBe(0);
  return terminal.said.stdout;
}

describe('latchkey providers', () => {
  const before = process.env;
  afterEach(() => {
    process.env = before;
  });

  it('lists every preset, with its kind, its variables and where it answers', async () => {
    const lines = (await providers())
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(['Name', 'Kind', 'Callback path', 'Variables']);
    expect(lines.slice(1).map(([name]) => name)).toEqual(Object.keys(presets));
    expect(lines).toContainEqual([
      ...['github', 'oauth2', '/login/github/authorized'],
      'GITHUB_OAUTH_CLIENT_ID, GITHUB_OAUTH_CLIENT_SECRET',
    ]);
  });

  it('names the variables that make a client, and tells nothing that they hold', async () => {
    process.env = { GITHUB_OAUTH_CLIENT_ID: 'the client', GITHUB_OAUTH_CLIENT_SECRET: 'the secret' };
    const json = await providers('--json');
    expect(json).not.toMatch(/the (client|secret)/);
    expect(process.env['GITHUB_OAUTH_CLIENT_ID']).toBe('the client');

    for (const { name, kind, variables } of JSON.parse(json) as PresetEntry[]) {
      process.env = Object.fromEntries(variables.map((variable) => [variable, `of ${variable}`]));
      const provider = presets[name]!();
      expect([name, provider.kind]).toEqual([name, kind]);
      const client = provider.kind === 'oauth1' ? provider.consumerKey : provider.clientId;
      const proof =
        provider.kind === 'oauth1' ? (provider.consumerSecret ?? provider.privateKey) : provider.clientSecret;
      expect([name, client, proof]).toEqual([name, ...Array(2).fill(expect.stringMatching(/^of /))]);
    }
  });
});
