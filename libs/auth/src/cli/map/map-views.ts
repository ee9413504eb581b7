import { columns } from '../columns.js';
import { coloured, type Terminal } from '../terminal.js';
import type { MappedRoute } from './route-map.js';

const headings = ['Method', 'Path', 'Access', 'Asks', 'Handler'] as const;

/** Columns for people. */
export function asText(routes: readonly MappedRoute[], stdout: Terminal['stdout']): string {
  const [heading, ...lines] = columns([headings, ...routes.map(cellsOf)]);
  const marked = lines.map((line, index) =>
    routes[index]!.access === 'unprotected' ? coloured(stdout, 'red', line) : line,
  );
  return [heading, ...marked].join('\n');
}

/** A table of Markdown. */
export function asMarkdown(routes: readonly MappedRoute[]): string {
  const rows = routes.map((route) => cellsOf(route).map((cell) => cell.replaceAll(/[\\|]/g, String.raw`\$&`)));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

function cellsOf({ method, path, access, asks, handler, guards, versions }: MappedRoute): string[] {
  const more = [
    ...(guards.length > 0 ? [`guards ${guards.join(', ')}`] : []),
    ...(versions === undefined ? [] : [`version ${versions.join(', ')}`]),
  ];
  return [method, path, access, [...asks, ...more].join('; '), handler];
}
