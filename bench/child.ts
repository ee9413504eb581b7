import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Start a file below this folder as a process of its own, in production mode, and wait for its first message.
 *
 * The process ends itself when it is disconnected, or when it has said all it has to say.
 */
export async function start<T>(
  file: string,
  args: readonly string[] = [],
  nodeOptions: readonly string[] = [],
): Promise<Child<T>> {
  const child = fork(new URL(file, import.meta.url), args, {
    execArgv: [...nodeOptions],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const message = await Promise.race([once(child, 'message'), failure(child, file)]);
  return { message: message[0] as T, child };
}

export interface Child<T> {
  readonly message: T;
  readonly child: ChildProcess;
}

/** Run a file that sends one message and ends. */
export async function answerOf<T>(
  file: string,
  args: readonly string[] = [],
  nodeOptions: readonly string[] = [],
): Promise<T> {
  const { message, child } = await start<T>(file, args, nodeOptions);
  if (child.exitCode === null) await once(child, 'exit');
  return message;
}

/** Say something, or anything, to a child that waits for it, and have its answer. */
export async function ask<T>({ child }: Child<unknown>, question: object = {}): Promise<T> {
  const answer = once(child, 'message');
  child.send(question);
  return (await answer)[0] as T;
}

export async function stop({ child }: Child<unknown>): Promise<void> {
  if (!child.connected) return;
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}

async function failure(child: ChildProcess, file: string): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`${file} ended with ${code} before it answered`);
}
