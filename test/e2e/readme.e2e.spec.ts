import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthService } from 'nest-latchkey';
import { createApp } from '../../src/app.js';
import { readEnvironment } from '../../src/environment.js';

const readme = readFileSync('README.md', 'utf8');
const secret = 'kJ3v-9sQx_27LrTnWb8yZpEo5GhCdAuF';

process.env['AUTH_SECRET'] = secret;
// the examples of tests are some: their cases run with ours
await import('../../docs/examples/notes.spec.js');
await import('../../docs/examples/log-in.spec.js');
await import('../../docs/examples/controller.spec.js');
await import('../../docs/examples/without-tokens.spec.js');

/** The commands of a page that begin with `$`, each with the output shown below it. */
function consoleSession(page: string): { command: string; output: string }[] {
  const block = [...page.matchAll(/```console\n([^]*?)```/g)]
    .map(([, text]) => text!)
    .find((text) => text.startsWith('$'))!;
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => ({ command: part.split('\n')[0]!, output: part.split('\n').slice(1).join('\n').trim() }));
}

/** The output as a pattern: `…` stands for what changes. */
function pattern(output: string): RegExp {
  const escaped = output.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('[^"]+')}$`);
}

/** One shell for all: a variable set by one command is used by the next. */
async function expectSession(session: ReturnType<typeof consoleSession>, port: number): Promise<void> {
  expect(session.length).toBeGreaterThan(6);
  const marker = '--- next command ---';
  const script = session
    .map(({ command }) => command.replaceAll('localhost:3000', `127.0.0.1:${port}`))
    .join(`\necho; echo '${marker}'\n`);
  const { stdout } = await promisify(execFile)('bash', ['-c', script]);
  const outputs = stdout.split(marker).map((output) => output.trim());
  for (const [index, { output }] of session.entries()) expect(outputs[index]).toMatch(pattern(output));
}

describe.each(['express', 'fastify'])('the README on %s', (adapter) => {
  let app: INestApplication;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-readme-'));
    const variables = {
      PORT: '0',
      ADAPTER: adapter,
      DATABASE_URL: `sqlite:${join(folder, 'app.sqlite')}`,
      AUTH_SECRET: secret,
    };
    app = await createApp(readEnvironment(variables));
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
  });

  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows commands that answer as it says', async () => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    await expectSession(consoleSession(readme), port);
  });
});

describe('docs/start.md', () => {
  it('shows commands that answer as it says', async () => {
    const { AppModule } = await import('../../docs/examples/five-minutes.js');
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    await expectSession(consoleSession(readFileSync('docs/start.md', 'utf8')), port);
    await app.close();
  });
});

describe('the examples of the README and of docs', () => {
  it('are the files of docs/examples, which the type check compiles', () => {
    const pages = readdirSync('docs').filter((name) => name.endsWith('.md'));
    const texts = [readme, ...pages.map((name) => readFileSync(join('docs', name), 'utf8'))];
    const blocks = [...texts.join('\n').matchAll(/```ts file=(\S+)\n([^]*?)```/g)];
    for (const [, file, code] of blocks) expect(code).toBe(readFileSync(join('docs/examples', file!), 'utf8'));
    expect([...new Set(blocks.map(([, file]) => file))].toSorted()).toEqual(readdirSync('docs/examples').toSorted());
  });

  it('configure Jest as the applications of test/consumers do, which run it', () => {
    const applications = 'test/consumers/applications';
    const blocks = [...readme.matchAll(/```js file=(\S+)\n([^]*?)```/g)];
    for (const [, file, code] of blocks) expect(code).toBe(readFileSync(join(applications, file!), 'utf8'));
    expect(blocks.map(([, file]) => file)).toEqual(['nest12-jest/jest.config.js', 'nest11-commonjs/jest.config.js']);
  });

  it('answer as the text around them says', async () => {
    const { AppModule } = await import('../../docs/examples/five-minutes.js');
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const call = async (method: string, path: string, token?: string, body?: object) => {
      const headers = {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      };
      return fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    };
    const logIn = async (username: string) => {
      const answer = await call('POST', '/login', undefined, { username, password: 'your own check goes here' });
      return (await answer.json()) as { access_token: string; refresh_token: string };
    };

    const bob = await logIn('bob');
    const root = await logIn('root');
    const statuses = [
      ['GET', '/notes', undefined, 401],
      ['GET', '/notes', bob.access_token, 200],
      ['GET', '/users/bob', bob.access_token, 200],
      ['GET', '/users/ada', bob.access_token, 403],
      ['GET', '/users/ada', root.access_token, 200],
      ['DELETE', '/notes/1', bob.access_token, 403],
      ['DELETE', '/notes/1', root.access_token, 200],
      ['POST', '/refresh', bob.access_token, 401],
      ['POST', '/refresh', bob.refresh_token, 200],
      ['POST', '/logout', bob.access_token, 204],
      ['GET', '/notes', bob.access_token, 401],
      ['POST', '/refresh', bob.refresh_token, 401],
    ] as const;
    for (const [method, path, token, status] of statuses) {
      expect([method, path, (await call(method, path, token)).status]).toEqual([method, path, status]);
    }
    await app.close();
  });

  it('guard a route by passport', async () => {
    const { PassportModule } = await import('../../docs/examples/passport.js');
    const app = await NestFactory.create(PassportModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const read = async (headers: Record<string, string>) => {
      const answer = await fetch(`${await app.getUrl()}/notes`, { headers });
      return { status: answer.status, body: await answer.json() };
    };

    const token = await app.get(AuthService).issueAccessToken('ada');
    expect(await read({ authorization: `Bearer ${token}` })).toEqual({ status: 200, body: { owner: 'ada' } });
    expect(await read({})).toMatchObject({ status: 401, body: { errorCode: 'token_missing' } });
    await app.close();
  });

  it('start sessions, list them, and end those of the same user alone', async () => {
    const { SessionsModule } = await import('../../docs/examples/sessions.js');
    const app = await NestFactory.create(SessionsModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const call = async (method: string, path: string, token?: string, body?: object) => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      return { status: answer.status, body: (await answer.json()) as Record<string, any> };
    };
    const logIn = async (username: string): Promise<string> =>
      (await call('POST', '/login', undefined, { username })).body['access_token'] as string;

    const [here, there, bob] = [await logIn('ada'), await logIn('ada'), await logIn('bob')];
    const devices = (await call('GET', '/devices', here)).body as { id: string }[];
    expect(devices).toHaveLength(2);
    expect((await call('DELETE', `/devices/${devices[0]!.id}`, bob)).body).toEqual({ ended: false });
    expect((await call('DELETE', '/devices', here)).body).toEqual({ ended: 1 });
    const statuses = await Promise.all([here, there, bob].map((token) => call('GET', '/devices', token)));
    expect(statuses.map(({ status }) => status)).toEqual([200, 401, 200]);
    const refused = await call('POST', '/auth/session/refresh');
    expect(refused.body['message']).toBe('unauthorised');
    await app.close();
  });

  it('ask for the claims of a session, and change them', async () => {
    const { SessionClaimsModule } = await import('../../docs/examples/session-claims.js');
    const app = await NestFactory.create(SessionClaimsModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const call = async (method: string, path: string, token?: string, body?: object) => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, any> };
    };
    const logIn = async (username: string): Promise<string> =>
      (await call('POST', '/login', undefined, { username })).body['access_token'] as string;

    const [ada, root] = [await logIn('ada'), await logIn('root')];
    expect((await call('DELETE', '/users/bob', root)).body).toEqual({ removed: 'bob' });
    const refused = await call('DELETE', '/users/bob', ada);
    expect([refused.status, refused.body['claimValidationErrors'][0].id]).toEqual([403, 'roles']);
    const themed = await call('PUT', '/theme', ada, { theme: 'dark' });
    expect(themed.body).toEqual({ theme: 'dark' });
    expect(themed.headers.get('st-access-token')).not.toBe(ada);
    // no theme, or none of ours, is the request's fault
    expect((await call('PUT', '/theme', ada, {})).status).toBe(400);
    expect((await call('GET', '/roles', root)).body).toEqual(['admin']);
    expect((await call('GET', '/visits', ada)).body).toEqual({ visits: 1 });
    await app.close();
  });

  it('write into the document what a route asks', async () => {
    const { AppModule } = await import('../../docs/examples/five-minutes.js');
    const { setUpDocumentation } = await import('../../docs/examples/openapi.js');
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    setUpDocumentation(app);
    await app.listen(0, '127.0.0.1');
    const answer = await fetch(`${await app.getUrl()}/docs-json`);
    const { paths } = (await answer.json()) as { paths: Record<string, Record<string, { security: object[] }>> };
    expect(paths['/notes']!['get']!.security).toEqual([{ bearer: [] }]);
    expect(paths['/login']!['post']!.security).toEqual([]);
    await app.close();
  });
});
