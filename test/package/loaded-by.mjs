import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { resolve } from 'node:path';

/** `node loaded-by.mjs ENTRY FILE` imports an entry and writes the address or path of every module that Node loaded for it, a line each. */
const [entry, file] = process.argv.slice(2);
const hooks = `
import { appendFileSync } from 'node:fs';
let file;
export function initialize(data) {
  file = data;
}
export function load(url, context, next) {
  appendFileSync(file, url + '\\n');
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: file });
await import(entry);
// what CommonJS modules required of each other passes the hooks by
const required = Object.keys(createRequire(resolve('package.json')).cache);
appendFileSync(file, `${required.join('\n')}\n`);
