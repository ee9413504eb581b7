import { jest } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthService, type AuthModuleOptions } from 'nest-latchkey';
import { typeormStores } from 'nest-latchkey/typeorm';
import { runCommandLine } from '../../libs/auth/src/cli/command-line.js';
import { listSessions, revokeSessions } from '../../libs/auth/src/cli/sessions/sessions.js';
import { sqlite, type TestDatabase } from '../stores/databases.js';
import { TextTerminal } from './text-terminal.js';

jest.setTimeout(60_000);

const jwt = { issuer: 'https://api.example.com', secret: 'kJ3v-9sQx_27LrTnWb8yZpEo5GhCdAuF' };

describe('latchkey sessions', () => {
  let database: TestDatabase;
  let ids: { phone: string; desk: string; other: string; bob: string };

  /** The root module of an application, as a process of its own has it. */
  function app(options: Partial<AuthModuleOptions> = {}): DynamicModule {
    const connection = TypeOrmModule.forRoot({ ...database.options, migrationsRun: true, retryAttempts: 0 } as never);
    const auth = AuthModule.forRoot({ jwt, session: {}, stores: typeormStores(), ...options });
    return { ...auth, imports: [...(auth.imports ?? []), connection] };
  }
  const whose = { app: '', user: 'ada' };

  beforeEach(async () => {
    database = await sqlite.create();
    const running = await NestFactory.createApplicationContext(app(), { logger: false, abortOnError: false });
    const auth = running.get(AuthService, { strict: false });
    const create = async (subject: string, device: string, tenant?: string) =>
      (await auth.createSession(subject, { device, ...(tenant !== undefined && { tenant }) })).sid;
    ids = {
      phone: await create('ada', 'phone\u001b[2J\u202e'),
      desk: await create('ada', 'desk'),
      other: await create('ada', 'desk', 'acme'),
      bob: await create('bob', 'desk'),
    };
    await running.close();
  });
  afterEach(() => database.drop());

  async function idsOf(user: string): Promise<string[]> {
    const terminal = new TextTerminal();
    await listSessions(app(), { app: '', user, json: true }, terminal);
    return (JSON.parse(terminal.said.stdout) as { id: string }[]).map(({ id }) => id).toSorted();
  }

  it('lists those of one user, without what steers a terminal', async () => {
    const terminal = new TextTerminal();
    await listSessions(app(), whose, terminal);
    const lines = terminal.said.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^Session +Created +Last used +Network +Device$/);
    expect(
      lines
        .slice(1)
        .map((line) => line.split(' ')[0])
        .toSorted(),
    ).toEqual([ids.phone, ids.desk, ids.other].toSorted());
    expect(lines.find((line) => line.startsWith(ids.phone))).toMatch(/phone \[2J\ufffd$/);
    expect(await idsOf('nobody')).toEqual([]);
  });

  it('ends all of one user, of one tenant, or one', async () => {
    const terminal = new TextTerminal();
    await revokeSessions(app(), { ...whose, tenant: 'acme' }, terminal);
    expect(terminal.said).toEqual({ stdout: `${ids.other}\n`, stderr: '1 ended\n' });
    await revokeSessions(app(), { ...whose, session: ids.desk }, terminal);
    expect(await idsOf('ada')).toEqual([ids.phone]);
    await revokeSessions(app(), whose, terminal);
    expect([await idsOf('ada'), await idsOf('bob')]).toEqual([[], [ids.bob]]);
  });

  it('ends no session of another user', async () => {
    const terminal = new TextTerminal();
    await expect(revokeSessions(app(), { ...whose, session: ids.bob }, terminal)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('ada has no live session of this id') as string,
    });
    expect(terminal.said).toEqual({ stdout: '', stderr: '' });
    expect(await idsOf('bob')).toEqual([ids.bob]);
  });

  it.each([
    [['sessions'], /^Usage: latchkey sessions /],
    [['sessions', 'list', '--app', 'x'], /required option '--user <subject>' not specified/],
    [['sessions', 'revoke', '--app', 'x', '--user', 'ada', '--all'], /unknown option '--all'/],
  ])('takes %j for wrong use', async (words, message) => {
    const terminal = new TextTerminal();
    expect(await runCommandLine(words, terminal)).toBe(2);
    expect([terminal.said.stdout, terminal.said.stderr]).toEqual(['', expect.stringMatching(message)]);
  });

  it('refuses stores that this process alone would see, and tells of an application that does not start', async () => {
    const forgetful = AuthModule.forRoot({ jwt });
    await expect(listSessions(forgetful, whose, new TextTerminal())).rejects.toMatchObject({
      exitCode: 2,
      message: 'stores: memory keeps nothing that another process could see; use typeormStores()',
    });
    const broken = AuthModule.forRoot({ jwt: { ...jwt, secret: 'short' } });
    await expect(listSessions(broken, whose, new TextTerminal())).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /^the application does not start: jwt\.secret: .*npx latchkey doctor tells more$/,
      ) as string,
    });
  });
});
