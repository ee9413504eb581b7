import { NestFactory } from '@nestjs/core';
import { LatchkeyModule } from '../variants/latchkey.js';
import { TokenVerifier } from './built.js';

/** The step of a guarded request that verifies through the cache, wired as in an application. */
export async function cachedVerifier(): Promise<(token: string) => unknown> {
  const app = await NestFactory.createApplicationContext(LatchkeyModule, { logger: false });
  const verifier = app.get(TokenVerifier, { strict: false });
  const anyRoute = { audience: undefined };
  return (token) => {
    const verified = verifier.verify(token, anyRoute);
    if (verified instanceof Promise) throw new Error('a token of our own key is answered at once');
    return verified;
  };
}
