import { NestFactory } from '@nestjs/core';
import { describeSecurity } from 'nest-latchkey/openapi';
import { jwtStrategy, oauthLogin } from 'nest-latchkey/passport';
import { github } from 'nest-latchkey/providers';
import { redisFanOut } from 'nest-latchkey/redis';
import { LoopbackProvider, TestClock } from 'nest-latchkey/testing';
import { typeormStores } from 'nest-latchkey/typeorm';
import { AppModule } from './app.module.js';

/** What every entry gives, so that its types are read and its peers are found. */
export const everything = {
  describeSecurity,
  jwtStrategy,
  oauthLogin,
  github,
  redisFanOut,
  LoopbackProvider,
  TestClock,
  typeormStores,
};

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env['PORT'] ?? 3000, '127.0.0.1');
  console.log(await app.getUrl());
}
void bootstrap();
