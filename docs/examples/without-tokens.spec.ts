import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { CurrentToken, RequireTokenGuard } from 'nest-latchkey';
import { mockToken, StubGuard } from 'nest-latchkey/testing';
import { AppModule } from './five-minutes.js';
import { ClassConfiguredModule } from './options-class.js';

@Controller()
class GreetingController {
  @Get('hello')
  hello(@CurrentToken('sub') name: string) {
    return { hello: name };
  }
}

describe('without tokens', () => {
  const guard = new StubGuard(mockToken({ sub: 'ada' }));
  let app: INestApplication;
  afterEach(() => app.close());

  async function answerOf(path: string, testing: TestingModuleBuilder): Promise<unknown> {
    app = (await testing.compile()).createNestApplication();
    await app.listen(0);
    return (await fetch((await app.getUrl()) + path)).json();
  }

  it('a guard of decorated routes', async () => {
    const testing = Test.createTestingModule({ imports: [AppModule] });
    testing.overrideGuard(RequireTokenGuard).useValue(guard);
    expect(await answerOf('/notes', testing)).toEqual({ owner: 'ada' });
  });

  it('the guard of all routes', async () => {
    const testing = Test.createTestingModule({ imports: [ClassConfiguredModule], controllers: [GreetingController] });
    // APP_GUARD is this provider by another name: overrideGuard() would not reach it
    testing.overrideProvider(RequireTokenGuard).useValue(guard);
    expect(await answerOf('/hello', testing)).toEqual({ hello: 'ada' });
  });
});
