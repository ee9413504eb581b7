import { readFileSync } from 'node:fs';

/** Entry points of the package, as its `exports` names them. */
const entries: Record<string, string> = {
  '.': 'libs/auth/src/index.ts',
  './openapi': 'libs/auth/src/openapi/index.ts',
  './passport': 'libs/auth/src/passport/index.ts',
  './providers': 'libs/auth/src/oauth/providers/index.ts',
  './redis': 'libs/auth/src/redis/index.ts',
  './testing': 'libs/auth/src/testing/index.ts',
  './typeorm': 'libs/auth/src/typeorm/index.ts',
};

/** The names an entry exports, types too. */
function exportedNames(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const lists = [...text.matchAll(/export\s+(?:type\s+)?\{([^}]*)\}/g)].flatMap(([, list]) => list!.split(','));
  const listed = lists.map((name) =>
    name
      .replace(/^\s*type\s+/, '')
      .replace(/^.*\bas\s+/, '')
      .trim(),
  );
  const declared = [...text.matchAll(/export\s+(?:abstract\s+)?(?:class|function|const|interface|type)\s+(\w+)/g)].map(
    ([, name]) => name!,
  );
  return [...listed, ...declared].filter((name) => name !== '').toSorted();
}

describe('the public API', () => {
  it('is the approved one: a changed line means a changelog entry and a decision on the version', () => {
    const actual = Object.entries(entries).flatMap(([entry, file]) =>
      exportedNames(file).map((name) => `${entry} ${name}`),
    );
    const approved = readFileSync('test/public-api.approved.txt', 'utf8').trim().split('\n');
    expect(actual).toEqual(approved);
  });

  it('is what package.json exports', () => {
    const { exports } = JSON.parse(readFileSync('libs/auth/package.json', 'utf8')) as {
      exports: Record<string, unknown>;
    };
    expect(
      Object.keys(exports)
        .filter((entry) => entry !== './package.json')
        .toSorted(),
    ).toEqual(Object.keys(entries).toSorted());
  });
});
