/**
 * Takes one security check away at a time and sees that the test named beside it fails.
 *
 * Works on copies in a temporary folder, one for each processor; the checkout is not touched. `npm run mutants` runs all of
 * them, `npm run mutants -- JF-02` those whose id begins so.
 */
import { spawn } from 'node:child_process';
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
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const wanted = process.argv[2] ?? '';
const mutants = JSON.parse(readFileSync(join(root, 'test/mutants.json'), 'utf8')).filter(({ id }) =>
  id.startsWith(wanted),
);

const copies = Array.from({ length: availableParallelism() }, copyOfCheckout);
process.on('exit', () => copies.forEach((copy) => rmSync(copy, { recursive: true, force: true })));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

function copyOfCheckout() {
  const copy = mkdtempSync(join(tmpdir(), 'latchkey-mutants-'));
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
  return copy;
}

/** Run the tests of a file whose names hold one of the texts. @returns those that ran, and whether the file did not. */
async function run(copy, file, names) {
  const output = join(copy, 'result.json');
  rmSync(output, { force: true });
  const jest = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--runInBand',
    '--forceExit',
  ];
  const pattern = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const options = ['--runTestsByPath', file, '-t', pattern, '--json', '--outputFile', output, '--silent'];
  await new Promise((done) => {
    spawn(process.execPath, [...jest, ...options], { cwd: copy, stdio: 'ignore', timeout: 120_000 }).once('exit', done);
  });
  try {
    const { testResults, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(output, 'utf8'));
    const ran = testResults.flatMap(({ assertionResults }) => assertionResults);
    return { ran: ran.filter(({ status }) => status !== 'pending'), broken: numRuntimeErrorTestSuites > 0 };
  } catch {
    return { ran: [], broken: true };
  }
}

const isFailure = ({ status }) => status === 'failed';

/** Why the mutant counts as alive, or nothing when it was killed. */
async function survival(copy, { file, find, replace, test }) {
  const path = join(copy, file);
  const original = readFileSync(path, 'utf8');
  if (original.split(find).length !== 2)
    return `the text to replace stands ${original.split(find).length - 1} times in ${file}`;
  writeFileSync(
    path,
    original.replace(find, () => replace),
  );
  try {
    const { ran, broken } = await run(copy, test.file, [test.name]);
    // a mutant that does not even load proves nothing about the check
    if (broken) return 'the test file did not run';
    return ran.some(isFailure) ? undefined : `no test named "${test.name}" failed`;
  } finally {
    writeFileSync(path, original);
  }
}

/** Each copy takes the next piece of work when it has done one. */
async function spread(pieces, work) {
  const left = [...pieces];
  await Promise.all(
    copies.map(async (copy) => {
      for (let piece = left.shift(); piece !== undefined; piece = left.shift()) await work(copy, piece);
    }),
  );
}

const namesByFile = new Map();
for (const { test } of mutants) namesByFile.set(test.file, (namesByFile.get(test.file) ?? new Set()).add(test.name));
let alive = 0;
await spread(namesByFile, async (copy, [file, names]) => {
  const { ran } = await run(copy, file, [...names]);
  for (const name of names) {
    const named = ran.filter(({ fullName }) => fullName.includes(name));
    if (named.length > 0 && !named.some(isFailure)) continue;
    alive += 1;
    console.error(`BASELINE ${file}: "${name}": ${named.length} ran, not all of them passed without any mutant`);
  }
});
await spread(mutants, async (copy, mutant) => {
  const reason = await survival(copy, mutant);
  if (reason !== undefined) alive += 1;
  console.log(
    `${reason === undefined ? 'killed' : 'ALIVE '} ${mutant.id} ${mutant.what}${reason === undefined ? '' : `: ${reason}`}`,
  );
});
console.log(`${mutants.length} mutants, ${alive} problems`);
process.exitCode = alive === 0 && mutants.length > 0 ? 0 : 1;
