import { readFileSync } from 'node:fs';

/** Licenses under which anybody may use us: they pass no duty on beyond their own text. */
const allowed = /^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|Python-2\.0)$/;
/** What package.json does not tell, and where it stands. */
const toldElsewhere = { 'node_modules/pause': 'MIT' /* Readme.md */ };

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** The lock repeats what package.json says; a few packages still say it in the older form, a list. */
function licenseOf(path, { license }) {
  const older = () => readJson(`${path}/package.json`).licenses?.map(({ type }) => type);
  return license ?? toldElsewhere[path] ?? older()?.join(' OR ') ?? 'none';
}

const { packages } = readJson('package-lock.json');
const installed = Object.entries(packages)
  .filter(([path, { dev, link }]) => path.includes('node_modules/') && !dev && !link)
  .map(([path, entry]) => ({ path, license: licenseOf(path, entry) }));

const choices = (license) => license.replaceAll(/[()]/g, '').split(' OR ');
const refused = installed.filter(({ license }) => !choices(license).some((name) => allowed.test(name)));
for (const { path, license } of refused) console.error(`${path}: ${license}`);
console.log(`licenses: ${installed.length} packages for production, ${refused.length} refused`);
process.exitCode = refused.length > 0 ? 1 : 0;
