import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/**
 * Run a command as a user types it, and tell that it went well, in a line.
 *
 * @throws Error with all that it wrote, when it ends with another code than 0.
 */
export async function step(title: string, folder: string, command: string): Promise<void> {
  const [program, ...args] = command.split(' ');
  const start = performance.now();
  const child = spawn(program!, args, { cwd: folder, env: userEnvironment, stdio: ['ignore', 'pipe', 'pipe'] });
  const [written, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (child.exitCode !== 0) {
    throw new Error(`${title}: ${command} ended with ${child.exitCode}\n${written}${complaints}`);
  }
  console.log(`${title}: ${command}: ${Math.round((performance.now() - start) / 1000)} s`);
}

/** What npm tells the scripts that it runs is not for what they run. */
export const userEnvironment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|NODE_OPTIONS$)/.test(name))),
  AUTH_SECRET: randomBytes(32).toString('base64'),
  PORT: '0',
};
