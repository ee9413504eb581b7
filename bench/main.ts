import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { verdict, type Figure } from './figure.js';
import { guardSection } from './guard/guard.section.js';
import { machine } from './machine.js';
import { oauthSection } from './oauth/oauth.section.js';
import { packageSection } from './package/package.section.js';
import { sessionSection } from './session/session.section.js';
import type { Section } from './section.js';
import { median } from './statistics.js';
import { readable, table } from './table.js';

const sections: readonly Section[] = [guardSection, sessionSection, oauthSection, packageSection];

/** `bench [section …] [--rounds N] [--json FILE]`: no section means all. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, rounds: { type: 'string', default: '5' } },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError('--rounds wants a whole number from 1 on');

  console.log(`${machine()}\nmedian of ${rounds} alternating rounds; every ratio is taken inside a round\n`);
  const figures: Figure[] = [];
  for (const section of chosen(positionals)) {
    const start = performance.now();
    figures.push(...(await section.run({ rounds })));
    console.log(`\n${section.name}: ${Math.round((performance.now() - start) / 1000)} s`);
  }
  console.log(`\n${figureTable(figures)}`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(flat(figures), null, 2)}\n`);
}

function chosen(names: readonly string[]): readonly Section[] {
  const unknown = names.find((name) => !sections.some((section) => section.name === name));
  if (unknown !== undefined) {
    throw new TypeError(`no section ${unknown}: there is ${sections.map((section) => section.name).join(', ')}`);
  }
  return names.length === 0 ? sections : sections.filter((section) => names.includes(section.name));
}

function figureTable(figures: readonly Figure[]): string {
  const target = (value: number | undefined, sign: string): string => (value === undefined ? '' : `${sign} ${value}`);
  const rows = figures.map((one) => {
    const sign = one.better === 'more' ? '≥' : '≤';
    const range = `${readable(Math.min(...one.rounds))} … ${readable(Math.max(...one.rounds))}`;
    const value = `${readable(median(one.rounds))} ${one.unit}`;
    return [one.name, value, range, target(one.floor, sign), target(one.aim, sign), verdict(one)];
  });
  return table(['figure', 'median', 'least … most', 'floor', 'aim', ''], rows);
}

function flat(figures: readonly Figure[]): Record<string, number> {
  return Object.fromEntries(figures.map((one) => [one.name, Number(median(one.rounds).toFixed(4))]));
}

await main();
