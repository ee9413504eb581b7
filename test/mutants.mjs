/**
 * Takes one security check away at a time and sees that the test named beside it fails.
 *
 * Works on a copy in a temporary folder; the checkout is not touched. `npm run mutants` runs all of them,
 * `npm run mutants -- JF-02` those whose id begins so.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const wanted = process.argv[2] ?? '';
const mutants = JSON.parse(readFileSync(join(root, 'test/mutants.json'), 'utf8')).filter(({ id }) =>
  id.startsWith(wanted),
);

const copy = mkdtempSync(join(tmpdir(), 'latchkey-mutants-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const name of ['libs', 'src', 'test', 'jest.config.js', 'package.json', 'ormconfig.ts']) {
  cpSync(join(root, name), join(copy, name), {
    recursive: true,
    filter: (path) => !/[\\/](node_modules|dist)([\\/]|$)/.test(path),
  });
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
for (const lib of readdirSync(join(root, 'libs'))) {
  const own = join(root, 'libs', lib, 'node_modules');
  if (existsSync(own)) symlinkSync(own, join(copy, 'libs', lib, 'node_modules'));
}

/** Run the tests of a file whose names hold a text. @returns how many passed and failed. */
function run(file, name) {
  const output = join(copy, 'result.json');
  rmSync(output, { force: true });
  const jest = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--runInBand',
    '--forceExit',
  ];
  const pattern = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const options = ['--runTestsByPath', file, '-t', pattern, '--json', '--outputFile', output, '--silent'];
  spawnSync(process.execPath, [...jest, ...options], { cwd: copy, stdio: 'ignore', timeout: 120_000 });
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(output, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests, broken: numRuntimeErrorTestSuites };
  } catch {
    return { passed: 0, failed: 0, broken: 1 };
  }
}

/** Why the mutant counts as alive, or nothing when it was killed. */
function survival({ file, find, replace, test }) {
  const path = join(copy, file);
  const original = readFileSync(path, 'utf8');
  if (original.split(find).length !== 2)
    return `the text to replace stands ${original.split(find).length - 1} times in ${file}`;
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  try {
    const { failed, broken } = run(test.file, test.name);
    // a mutant that does not even load proves nothing about the check
    if (broken > 0) return 'the test file did not run';
    return failed > 0 ? undefined : `no test named "${test.name}" failed`;
  } finally {
    writeFileSync(path, original);
  }
}

const tests = new Map(mutants.map(({ test }) => [`${test.file}\0${test.name}`, test]));
let alive = 0;
for (const { file, name } of tests.values()) {
  const { passed, failed } = run(file, name);
  if (passed > 0 && failed === 0) continue;
  alive += 1;
  console.error(`BASELINE ${file}: "${name}" — ${passed} passed, ${failed} failed without any mutant`);
}
for (const mutant of mutants) {
  const reason = survival(mutant);
  if (reason !== undefined) alive += 1;
  console.log(
    `${reason === undefined ? 'killed' : 'ALIVE '} ${mutant.id} ${mutant.what}${reason === undefined ? '' : `: ${reason}`}`,
  );
}
console.log(`${mutants.length} mutants, ${alive} problems`);
process.exitCode = alive === 0 && mutants.length > 0 ? 0 : 1;
