import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { CommandLine, packageJson } from './latchkey.js';

const secret = 'kJ3v-9sQx_27LrTnWb8yZpEo5GhCdAuF';
const env = { AUTH_SECRET: secret };

// a process each, beside other suites
jest.setTimeout(180_000);

let line: CommandLine;

beforeAll(() => {
  line = new CommandLine();
  line.compileReferenceApp();
});
afterAll(() => line.remove());

describe('latchkey', () => {
  it('says what it can do, and which version it is', async () => {
    const help = await line.run(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: latchkey /);
    expect(await line.run(['--version'])).toEqual({ exitCode: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  it.each<[string, string[], RegExp]>([
    ['no command', [], /^Usage: latchkey /],
    ['an unknown command', ['mapp'], /unknown command 'mapp'\n\(Did you mean map\?\)/],
    ['an unknown option', ['map', '--app', 'x', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    ['a missing option', ['map'], /required option '--app <file>' not specified/],
    ['two views', ['map', '--app', 'x', '--json', '--markdown'], /cannot be used with option '--markdown'/],
    [
      'a missing file',
      ['map', '--app', 'dist/none.js'],
      /--app: there is no file dist\/none\.js; build the application/,
    ],
    [
      'a broken file',
      ['map', '--app', 'broken.js'],
      /--app: broken\.js does not load: no \$HOME \(NODE_DEBUG=latchkey/,
    ],
    [
      'an export that is not there',
      ['map', '--app', 'other.js'],
      /--export: other\.js exports no AppModule, but list, number/,
    ],
    [
      'an export that is no module',
      ['map', '--app', 'other.js', '--export', 'number'],
      /number of other\.js is no module/,
    ],
    ['a function that throws', ['map', '--app', 'other.js', '--export', 'list'], /list\(\) failed: not today/],
  ])('tells of %s, without a stack, and exits with 2', async (_name, words, message) => {
    line.write('broken.js', "throw new Error('no $HOME');");
    line.write('other.js', "export const number = 1; export const list = () => { throw new Error('not today'); };");
    const { exitCode, stdout, stderr } = await line.run(words);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('shows where an application failed to whoever asks', async () => {
    line.write('broken.js', "throw new Error('no $HOME');");
    const { stderr } = await line.run(['map', '--app', 'broken.js'], { NODE_DEBUG: 'latchkey' });
    expect(stderr).toMatch(/^ +at .*broken\.js:1/m);
  });
});

describe('latchkey map', () => {
  const map = ['map', '--app', 'dist/command-line.js'];

  it('lists the routes of the reference application, as text and as JSON', async () => {
    const { exitCode, stdout, stderr } = await line.run([...map, '--fail-on-unprotected'], env);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^\d+ routes: \d+ token, \d+ public\n$/);
    expect(stdout.split('\n')[0]).toMatch(/^Method +Path +Access +Asks +Handler$/);
    expect(stdout).toMatch(/^GET +\/admin +token +scope admin +TokenController\.admin$/m);
    // no colours outside a terminal
    expect(stdout).not.toContain('\u001b');

    const json = JSON.parse((await line.run([...map, '--json'], env)).stdout) as { path: string }[];
    expect(json.length).toBeGreaterThan(30);
    expect(stdout.trimEnd().split('\n')).toHaveLength(json.length + 1);
    expect(json).toContainEqual(expect.objectContaining({ path: '/healthz', access: 'public' }));
  });

  it.each([
    ['token/token.controller.js', /RequireToken\(\{\s*scope:[^)]*\)/, 'GET /admin (TokenController.admin)'],
    ['account/devices.controller.js', /RequireToken\([^)]*\)/, 'GET /account/sessions (DevicesController.list)'],
  ])('fails where a decorator of %s is taken away', async (file, decorator, route) => {
    line.copy('dist', 'changed');
    const code = readFileSync(join(line.folder, 'dist', file), 'utf8');
    expect(code.match(decorator)).not.toBeNull();
    line.write(join('changed', file), code.replace(decorator, '(() => {})'));
    const changed = ['map', '--app', 'changed/command-line.js', '--fail-on-unprotected'];
    const { exitCode, stderr } = await line.run(changed, env);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('unprotected: write @RequireToken() or @Public()');
    expect(stderr).toContain(`\n  ${route}\n`);
  });

  it('reads CommonJS, keeps what an application prints out of the data, and ends where timers run', async () => {
    line.write(
      'app.cjs',
      `const { Module, Logger } = require('@nestjs/common');
       const { AuthModule } = require('nest-latchkey');
       setInterval(() => {}, 1000);
       console.log('printed');
       new Logger('App').log('logged');
       new Logger('App').warn('warned');
       class AppModule {}
       Module({ imports: [AuthModule.forRoot({ jwt: { issuer: 'https://api.example.com', secret: '${secret}' } })] })(AppModule);
       module.exports = { AppModule };`,
    );
    const { exitCode, stdout, stderr } = await line.run(['map', '--app', 'app.cjs', '--json', '--prefix', 'api']);
    expect([exitCode, stderr]).toEqual([0, 'printed\nwarned\n4 routes: 4 public\n']);
    expect((JSON.parse(stdout) as { path: string }[]).map(({ path }) => path)).toContain('/api/auth/signout');
  });

  it('tells what does not fit together', async () => {
    line.write(
      'app.js',
      `import { Controller, Inject, Module } from '@nestjs/common';
       class NotesController { constructor(missing) {} }
       Controller()(NotesController);
       Inject('MISSING')(NotesController, undefined, 0);
       export class AppModule {}
       Module({ controllers: [NotesController] })(AppModule);`,
    );
    const { exitCode, stdout, stderr } = await line.run(['map', '--app', 'app.js']);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: Nest can't resolve dependencies of the NotesController/);
  });
});

describe('latchkey doctor', () => {
  const database = { DATABASE_URL: 'sqlite:doctor.sqlite', NODE_ENV: 'production' };

  it('looks at the reference application', async () => {
    const { exitCode, stdout, stderr } = await line.run(['doctor', '--app', 'dist/command-line.js'], {
      ...env,
      ...database,
    });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      'ok    boot: the application starts: options, keys and routes hold',
      'ok    stores: typeorm: it answers, and its tables are there',
      '',
    ]);
  });

  it('fails with what is to be mended', async () => {
    const broken = { ...database, AUTH_SECRET: 'secret' };
    const { exitCode, stdout, stderr } = await line.run(['doctor', '--app', 'dist/command-line.js', '--json'], broken);
    expect([exitCode, stderr]).toEqual([1, 'error: 1 of 1 checks failed\n']);
    const text = expect.stringMatching(/^jwt\.secret: is shorter than 32 bytes/) as string;
    expect(JSON.parse(stdout)).toEqual([{ level: 'fail', subject: 'boot', text }]);
  });
});
