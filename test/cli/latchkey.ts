import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { transformFileSync } from '@swc/core';

export const packageJson = JSON.parse(readFileSync('libs/auth/package.json', 'utf8')) as {
  version: string;
  bin: { latchkey: string };
};

/** The command as `npm run build:lib` made it. */
const bin = resolve('libs/auth', packageJson.bin.latchkey);

export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `npx latchkey …` as a process of its own, in a folder of its own. Of this process's variables it gets `PATH`. */
export class CommandLine {
  readonly folder = mkdtempSync(join(tmpdir(), 'latchkey-cli-'));

  constructor() {
    writeFileSync(join(this.folder, 'package.json'), '{ "type": "module" }');
    symlinkSync(resolve('node_modules'), join(this.folder, 'node_modules'));
  }

  run(words: readonly string[], env: Record<string, string> = {}): Promise<Run> {
    const options = { cwd: this.folder, env: { PATH: process.env['PATH'], ...env }, timeout: 60_000 };
    return new Promise((done) => {
      execFile(process.execPath, [bin, ...words], options, (error, stdout, stderr) =>
        done({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.folder, file)), { recursive: true });
    writeFileSync(join(this.folder, file), text);
  }

  /** What `npm run build` makes of `src`, in `dist`. */
  compileReferenceApp(): void {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    for (const file of sources) {
      const { code } = transformFileSync(join('src', file), {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        swcrc: false,
      });
      this.write(join('dist', file.replace(/\.ts$/, '.js')), code);
    }
    cpSync('src/pages/assets', join(this.folder, 'dist/pages/assets'), { recursive: true });
  }

  copy(from: string, to: string): void {
    cpSync(join(this.folder, from), join(this.folder, to), { recursive: true });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
