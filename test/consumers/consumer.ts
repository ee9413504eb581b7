import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { step } from './step.js';

/** An application in a folder of its own: what all have in common, what it has alone, and README's five-minute example. */
export class Consumer {
  readonly folder: string;

  constructor(
    readonly name: string,
    parent: string,
  ) {
    this.folder = join(parent, name);
    for (const part of ['shared', name])
      cpSync(join(import.meta.dirname, 'applications', part), this.folder, { recursive: true });
    cpSync(resolve('docs/examples/five-minutes.ts'), join(this.folder, 'src/app.module.ts'));
    if (name.endsWith('-commonjs')) this.leaveExtensionsOut();
  }

  /** No option that lets npm look away from what does not fit. */
  async install(tarball: string): Promise<void> {
    await this.step('npm install');
    await this.step(`npm install ../${tarball}`);
  }

  /** Declarations of packages are read, too: no `skipLibCheck`. What its own compiler said in the build is not asked again. */
  async check(version: string): Promise<void> {
    if (this.ownCompiler().startsWith(`${version}.`)) return;
    await this.step(`../typescript-${version}/node_modules/.bin/tsc --noEmit`);
  }

  step(command: string): Promise<void> {
    return step(this.name, this.folder, command);
  }

  /** As CommonJS is written: what all have in common imports `./app.module.js`, which Jest would look for. */
  private leaveExtensionsOut(): void {
    for (const path of ['src/main.ts', 'test/create-app.ts', 'test/app.e2e-spec.ts']) {
      const file = join(this.folder, path);
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(from '\.[^']*)\.js'/g, "$1'"));
    }
  }

  private ownCompiler(): string {
    const manifest = readFileSync(join(this.folder, 'node_modules/typescript/package.json'), 'utf8');
    return (JSON.parse(manifest) as { version: string }).version;
  }
}
