import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Beside the source: the compiler copies no Lua. */
const script = fileURLToPath(new URL('../../guard/cold-tokens.lua', import.meta.url));

/** Which tokens the requests carry: one and the same, or another each time. */
export type Tokens = { readonly warm: string } | { readonly cold: string; readonly skip: number };

export interface Load {
  readonly requests: number;
  readonly perSecond: number;
}

/**
 * Load from one thread over 32 connections, as fast as the server answers.
 *
 * @throws Error when any answer was not a success: then the figure would be of something else.
 */
export async function wrk(url: string, tokens: Tokens, seconds: number): Promise<Load> {
  const load =
    'warm' in tokens
      ? ['-H', `Authorization: Bearer ${tokens.warm}`, url]
      : ['-s', script, url, '--', tokens.cold, String(tokens.skip)];
  const { stdout } = await run('wrk', ['-t1', '-c32', `-d${seconds}s`, ...load]).catch(failed);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url} did not answer every request:\n${stdout}`);
  return { requests: number(stdout, /(\d+) requests in/), perSecond: number(stdout, /Requests\/sec:\s*([\d.]+)/) };
}

/** The original error quotes the command, and with it a token: it is not kept as a cause. */
function failed({ code, stderr }: NodeJS.ErrnoException & { stderr?: string }): never {
  throw new Error(code === 'ENOENT' ? 'wrk is not installed: apt-get install wrk' : `wrk failed: ${stderr}`);
}

function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`wrk printed something else:\n${text}`);
  return Number(found);
}
