import { deepStrictEqual } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline/promises';
import type { Consumer } from './consumer.js';
import { userEnvironment } from './step.js';

/** Start what was built, and have the conversation of README's five-minute example over HTTP. */
export async function converse({ name, folder }: Consumer): Promise<void> {
  const server = spawn('node', ['dist/src/main.js'], {
    cwd: folder,
    env: userEnvironment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await addressOf(server.stdout);
    const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: object) =>
      fetch(url + path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });

    const login = await ask('POST', '/login', {}, { username: 'bob', password: 'your own check goes here' });
    const { access_token: token } = (await login.json()) as { access_token: string };
    const authorization = `Bearer ${token}`;
    const statuses = [
      login.status,
      (await ask('GET', '/notes', { authorization })).status,
      (await ask('GET', '/notes')).status,
      (await ask('GET', '/users/ada', { authorization })).status,
    ];
    deepStrictEqual(statuses, [200, 200, 401, 403], `${name} answers otherwise`);
    console.log(`${name}: log-in, notes, notes without a token, notes of another: ${statuses.join(' ')}`);
  } finally {
    server.kill();
  }
}

/** The application says where it listens, after Nest's own lines. */
async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(output)) if (line.startsWith('http://')) return line;
  throw new Error('it ended before it listened');
}
