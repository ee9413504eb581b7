import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve('libs/auth/src');

/** The levels of the house: a file imports from its own folder or from a lower level, never sideways, never up. */
const levels: Record<string, number> = {
  'auth.errors.ts': 0,
  'auth.events.ts': 0,
  'auth.clock.ts': 0,
  'auth.durations.ts': 0,
  'auth.hook-answers.ts': 0,
  'auth.loopback.ts': 0,
  'auth.repeater.ts': 0,
  'auth.sealer.ts': 0,
  'auth.slices.ts': 0,
  'auth.time-limit.ts': 0,
  jwt: 1,
  stores: 1,
  resource: 2,
  session: 2,
  keys: 2,
  oauth: 2,
  http: 3,
  passport: 3,
  typeorm: 3,
  redis: 3,
  openapi: 3,
  testing: 5,
  cli: 5,
};
const topLevel = 4;

/** Packages that one folder alone may import. */
const packagesOf: Record<string, RegExp> = {
  typeorm: /^(typeorm|@nestjs\/typeorm)(\/|$)/,
  passport: /^(passport|passport-.*|@nestjs\/passport)(\/|$)/,
  redis: /^(ioredis|redis)(\/|$)/,
  openapi: /^@nestjs\/swagger(\/|$)/,
  cli: /^commander(\/|$)/,
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.spec.ts') ? [path] : [];
  });
}

/** What the compiler leaves of the imports. */
function withoutTypes(text: string): string {
  return text.replaceAll(/\b(import|export) (type [^;]*|\{(\s*type \w+,?)+\s*\} from [^;]*);/g, '');
}

/** Every import of a file, type-only ones too: relative ones as paths below the root, others as they stand. */
function importsOf(file: string, seen: (text: string) => string = (text) => text): Import[] {
  const text = seen(readFileSync(file, 'utf8'));
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  );
  return [...found].map(([, one, other]) => {
    const target = (one ?? other)!;
    const to = target.startsWith('.') ? relative(root, resolve(dirname(file), target)).replace(/\.js$/, '.ts') : target;
    return { from: relative(root, file), to };
  });
}

const files = sources(root);
const imports = files.flatMap((file) => importsOf(file));
const inner = imports.filter(({ to }) => to.endsWith('.ts'));

const room = (path: string) => (path.includes('/') ? path.split('/')[0]! : path);
const level = (path: string) => levels[room(path)] ?? (path.includes('/') ? Number.NaN : topLevel);

describe('the house', () => {
  it('has every file in a room of a known level', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(files.map((file) => relative(root, file)).filter((file) => Number.isNaN(level(file)))).toEqual([]);
  });

  it('imports only what exists', () => {
    const known = new Set(files.map((file) => relative(root, file)));
    expect(inner.filter(({ to }) => !known.has(to))).toEqual([]);
  });

  it('imports downwards or within a room, never up and never sideways', () => {
    const crooked = inner.filter(({ from, to }) => {
      if (room(from) === room(to)) return false;
      // the files of the ground floor and of the module itself each share one room
      if (level(from) === level(to) && [0, topLevel].includes(level(to))) return false;
      return level(to) >= level(from);
    });
    expect(crooked).toEqual([]);
  });

  it('has no cycle', () => {
    const next = new Map<string, string[]>();
    for (const { from, to } of inner) next.set(from, [...(next.get(from) ?? []), to]);
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const to of next.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of next.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('keeps each heavy package in the folder named after it', () => {
    const outer = imports.filter(({ to }) => !to.endsWith('.ts'));
    const strays = outer.filter(({ from, to }) =>
      Object.entries(packagesOf).some(([folder, packages]) => packages.test(to) && room(from) !== folder),
    );
    expect(strays).toEqual([]);
  });

  it('keeps Nest out of the kernel', () => {
    expect(imports.filter(({ from, to }) => room(from) === 'jwt' && to.startsWith('@nestjs/'))).toEqual([]);
  });

  it('reaches no edge but http from the root entry', () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      inner.filter(({ from }) => from === file).forEach(({ to }) => visit(to));
    };
    visit('index.ts');
    const edges = ['typeorm', 'passport', 'redis', 'openapi', 'testing', 'cli'];
    expect([...reached].filter((file) => edges.includes(room(file)))).toEqual([]);
  });

  it('loads no client of OAuth from the root entry: log-in with providers is an entry of its own', () => {
    const loaded = new Set<string>();
    const visit = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      if (file.endsWith('.ts')) importsOf(join(root, file), withoutTypes).forEach(({ to }) => visit(to));
    };
    visit('index.ts');
    expect([...loaded].filter((file) => /^(oauth4webapi|passport)/.test(file))).toEqual([]);
    expect(loaded).toContain('cookie');
  });

  it('exports by name, without globs and without barrels inside', () => {
    const globs = files.filter((file) => /^export \*/m.test(readFileSync(file, 'utf8')));
    expect(globs).toEqual([]);
  });
});
