import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** The documents of the repository, as the package carries them: npm and editors show README.md, and its links stay inside the package. */
const repository = new URL('../../', import.meta.url);
const target = new URL('./', import.meta.url);

for (const name of ['LICENSE', 'CHANGELOG.md', 'SECURITY.md']) cpSync(new URL(name, repository), new URL(name, target));

// what is for a clone of the repository alone stands between two comments
const readme = readFileSync(new URL('README.md', repository), 'utf8');
writeFileSync(
  new URL('README.md', target),
  readme.replaceAll(/<!-- repository -->\n[^]*?<!-- \/repository -->\n\n?/g, ''),
);

const docs = new URL('docs/', repository);
rmSync(new URL('docs/', target), { recursive: true, force: true });
mkdirSync(new URL('docs/', target));
for (const name of readdirSync(docs).filter((file) => file.endsWith('.md')))
  cpSync(new URL(name, docs), new URL(`docs/${name}`, target));
