import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pack } from './package/pack.js';

const root = 'libs/auth';
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>;
};
const packed = pack('--dry-run').files.map(({ path }) => path);
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

const allowed = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/,
  /^docs\/[\w-]+\.md$/,
  /^dist\/([\w.-]+\/)*[\w.-]+\.(js|d\.ts)(\.map)?$/,
  /^src\/([\w.-]+\/)*[\w.-]+\.ts$/,
];

/** The anchors that Markdown's headings make. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!);
  return headings.map((title) =>
    title
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('the package', () => {
  it('holds documents, the build and its sources, and nothing else', () => {
    expect(packed.filter((path) => !allowed.some((rule) => rule.test(path)))).toEqual([]);
    expect(packed.filter((path) => path.includes('.spec.') || /(^|\/)test\//.test(path))).toEqual([]);
    expect(packed).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md']));
  });

  it('holds every source but the tests', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
    const expected = sources.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
    expect(packed.filter((path) => path.startsWith('src/')).toSorted()).toEqual(
      expected.map((name) => `src/${name}`).toSorted(),
    );
  });

  it('holds what its exports name, with types', () => {
    const targets = Object.entries(manifest.exports).flatMap(([entry, target]) => {
      if (typeof target === 'string') return [target];
      expect([entry, Object.keys(target)]).toEqual([entry, ['types', 'default']]);
      return Object.values(target);
    });
    expect(targets.filter((target) => !packed.includes(target.slice('./'.length)))).toEqual([]);
  });

  it('holds the sources that its maps point to', () => {
    const maps = packed.filter((path) => path.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(100);
    const missing = maps.flatMap((map) => {
      const { sources } = JSON.parse(textOf(map)) as { sources: string[] };
      return sources.map((source) => posix.join(posix.dirname(map), source)).filter((path) => !packed.includes(path));
    });
    expect(missing).toEqual([]);
  });

  it('imports no module that it does not hold', () => {
    const missing = packed
      .filter((path) => path.endsWith('.js') || path.endsWith('.d.ts'))
      .flatMap((path) => {
        const relative = textOf(path).matchAll(/(?:\bfrom|\bimport)\s*\(?["'](\.{1,2}\/[^"']+)["']/g);
        return [...relative].map(([, to]) => posix.join(posix.dirname(path), to!));
      })
      .filter((path) => !packed.includes(path) && !packed.includes(path.replace(/\.js$/, '.d.ts')));
    expect(missing).toEqual([]);
  });

  it('shows documents whose links stay inside of it', () => {
    const pages = packed.filter((path) => path.endsWith('.md'));
    const broken = pages.flatMap((page) => {
      const links = [...textOf(page).matchAll(/\]\((?!https:)([^)\s]+)\)/g)].map(([, link]) => link!);
      return links.filter((link) => {
        const [path, anchor] = link.split('#') as [string, string?];
        const target = path === '' ? page : posix.join(posix.dirname(page), path);
        return !packed.includes(target) || (anchor !== undefined && !anchorsOf(textOf(target)).includes(anchor));
      });
    });
    expect(broken).toEqual([]);
    expect(textOf('README.md')).not.toContain('repository -->');
  });
});
