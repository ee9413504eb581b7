/**
 * Three processes of the reference application behind nginx, on this machine:
 *
 *   DATABASE_URL=postgres://localhost/application REDIS_URL=redis://localhost npm run several
 *
 * With `-- --check` it logs in, logs out and kills a process, says what it saw, and stops.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '../..');
const ports = [3001, 3002, 3003];
const url = 'http://localhost:8080';

const environment = {
  ...process.env,
  NODE_ENV: 'production',
  PUBLIC_URL: url,
  TRUSTED_PROXIES: '127.0.0.1',
  // the same to every process
  AUTH_SECRET: process.env.AUTH_SECRET || randomBytes(32).toString('base64'),
};
const folder = mkdtempSync(join(tmpdir(), 'latchkey-nginx-'));
const children = [];
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop(0));

for (const name of ['DATABASE_URL', 'REDIS_URL'])
  if (!process.env[name])
    await fail(`${name} is missing: give the URL of a ${name === 'REDIS_URL' ? 'Redis' : 'PostgreSQL database'}`);

// once, and not once in each process: two that begin at the same time would both make the tables
await finished(run('npm', ['run', 'typeorm', '--', 'migration:run']), 'the migrations');
const applications = ports.map((port) => run('node', ['dist/main.js'], { PORT: String(port) }));
await Promise.all(ports.map((port) => answers(`http://127.0.0.1:${port}`)));
run('nginx', ['-p', folder, '-c', join(import.meta.dirname, 'nginx.conf'), '-g', 'daemon off;']);
await answers(url);
console.log(`Three processes behind ${url}`);
if (process.argv.includes('--check')) {
  await check();
  await stop(0);
}

/** A log-in at one process is one at all, and so is a log-out; and one that dies is not missed. */
async function check() {
  const username = `ada-${randomBytes(4).toString('hex')}`;
  const { body } = await post('/signup', undefined, { username, password: 'correct horse' });
  const seen = await everywhere(body.access_token);
  await expect(seen, 200, 'a log-in at one process is one at all three');
  await post('/auth/signout', body.access_token);
  // messages take milliseconds; the poll of the database, where there is no Redis, a second
  await wait(200);
  await expect(await everywhere(body.access_token), 401, 'a log-out at one process is one at all three, 0.2 s later');
  const again = await post('/login', undefined, { username, password: 'correct horse' });
  applications[0].kill('SIGKILL');
  await once(applications[0], 'exit');
  await expect(await everywhere(again.body.access_token, 2), 200, 'a process that dies is not missed');
}

/** The statuses by the process that answered, once all have. */
async function everywhere(token, processes = ports.length) {
  const statuses = new Map();
  for (let count = 0; statuses.size < processes || count < 30; count++) {
    const answer = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } });
    // where nginx had to ask a second one, the last answered
    const instance = answer.headers.get('x-instance').split(', ').at(-1);
    statuses.set(instance, [...(statuses.get(instance) ?? []), answer.status]);
    if (count > 300) await fail(`only ${statuses.size} processes answered`);
  }
  return [...statuses.values()].flat();
}

async function expect(statuses, wanted, what) {
  const others = statuses.filter((status) => status !== wanted);
  if (others.length > 0)
    await fail(`${what}: ${others.length} of ${statuses.length} answers were ${[...new Set(others)]}`);
  console.log(`ok: ${what} (${statuses.length} requests)`);
}

async function post(path, token, body) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(url + path, { method: 'POST', headers, body: body && JSON.stringify(body) });
  if (!answer.ok) await fail(`POST ${path}: ${answer.status}`);
  return { body: await answer.json() };
}

function run(command, args, variables = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...environment, ...variables },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  child.on('error', ({ code }) => void fail(`${command}: ${code === 'ENOENT' ? 'is not installed' : code}`));
  children.push(child);
  return child;
}

async function finished(child, what) {
  const [code] = await once(child, 'exit');
  if (code !== 0) await fail(`${what} failed`);
}

async function answers(address) {
  for (let attempt = 0; attempt < 150; attempt++) {
    if (
      await fetch(`${address}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await wait(200);
  }
  await fail(`${address} does not answer`);
}

async function stop(code) {
  const living = children.filter(({ pid, exitCode, signalCode }) => pid && exitCode === null && signalCode === null);
  await Promise.all(living.map((child) => (child.kill(), once(child, 'exit'))));
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}

/** Never comes back. */
async function fail(message) {
  console.error(message);
  await stop(1);
}
