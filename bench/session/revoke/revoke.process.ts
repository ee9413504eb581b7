import { setTimeout as delay } from 'node:timers/promises';
import { AuthError } from 'nest-latchkey';
import { redisFanOut } from 'nest-latchkey/redis';
import { sessionApplication } from '../application.js';
import { postgresAt } from '../engines.js';

/** What an instance is asked to do; it answers when it is done. */
export type Question =
  | { readonly kind: 'create'; readonly count: number }
  /** One after the other, at times of chance within so many milliseconds. */
  | { readonly kind: 'revoke'; readonly ids: readonly string[]; readonly within: number }
  /** Present the tokens again and again, each until it is refused. */
  | { readonly kind: 'watch'; readonly tokens: Tokens };

/** Access tokens by the id of their session. */
export type Tokens = Record<string, string>;
/** When a session was revoked here, or its token first refused: milliseconds of the clock that all processes share. */
export type Times = Record<string, number>;

const presentedEvery = 2;

/** Without a channel of Redis an instance hears of revocations by its poll alone. */
const [url, channel] = process.argv.slice(2) as [string, string?];
const redis = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const fanOut = channel === undefined ? undefined : redisFanOut(redis, { channel });
const { auth } = await sessionApplication(postgresAt(url), fanOut && { fanOut });

process.on('disconnect', () => process.exit());
process.on('message', (question: Question) => void answer(question).then((answered) => process.send!(answered)));
process.send!('ready');

function answer(question: Question): Promise<Tokens | Times> {
  if (question.kind === 'create') return create(question.count);
  return question.kind === 'revoke' ? revoke(question.ids, question.within) : watch(question.tokens);
}

async function create(count: number): Promise<Tokens> {
  const tokens: Tokens = {};
  for (let left = count; left > 0; left--) {
    const { sid, access_token } = await auth.createSession('somebody');
    tokens[sid] = access_token;
  }
  return tokens;
}

async function revoke(ids: readonly string[], within: number): Promise<Times> {
  const times: Times = {};
  const revokeOne = async (id: string): Promise<void> => {
    await delay(Math.random() * within);
    times[id] = clock();
    await auth.revokeSession(id);
  };
  await Promise.all(ids.map(revokeOne));
  return times;
}

async function watch(tokens: Tokens): Promise<Times> {
  const times: Times = {};
  const waiting = new Map(Object.entries(tokens));
  while (waiting.size > 0) {
    for (const [id, token] of waiting) {
      if (!(await isRefused(token))) continue;
      times[id] = clock();
      waiting.delete(id);
    }
    await delay(presentedEvery);
  }
  return times;
}

async function isRefused(token: string): Promise<boolean> {
  try {
    await auth.verify(token);
    return false;
  } catch (error) {
    if (error instanceof AuthError && error.code === 'token_revoked') return true;
    throw error;
  }
}

/** Of the machine, not of the process. */
function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
