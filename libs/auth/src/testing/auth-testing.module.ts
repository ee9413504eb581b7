import { randomBytes } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { Clock } from '../auth.clock.js';
import type { AuthModuleExtras } from '../auth.extras.js';
import { AuthModule } from '../auth.module.js';
import type { AuthModuleOptions } from '../auth.options.js';
import { TestClock } from './test-clock.js';

/** Every option of `AuthModule.forRoot()`, none of them required. */
export type AuthTestingOptions = Partial<Omit<AuthModuleOptions, 'jwt'>> &
  AuthModuleExtras & {
    jwt?: Partial<AuthModuleOptions['jwt']>;
    /** Default: one that stands still at the moment it is made. */
    clock?: TestClock;
  };

/**
 * An AuthModule for tests of controllers: a key that is thrown away, stores in memory, and a clock that a test moves.
 *
 * ```ts
 * const testing = await Test.createTestingModule({ imports: [AuthTestingModule.forRoot()], controllers: [NotesController] }).compile();
 * const token = await signTestToken(testing, 'ada', { scope: { admin: true } });
 * testing.get(TestClock).advance('16m'); // and it has expired
 * ```
 *
 * In place of AuthModule, not beside it: an application that imports that already has its clock replaced by
 * `overrideProvider(Clock)`.
 */
@Module({})
export class AuthTestingModule {
  static forRoot({ jwt, clock = new TestClock(), ...options }: AuthTestingOptions = {}): DynamicModule {
    const auth = AuthModule.forRoot({ ...options, jwt: { issuer: 'https://test.example', ...jwt, ...keyBeside(jwt) } });
    return {
      module: AuthTestingModule,
      // what stands last counts
      imports: [{ ...auth, providers: [...auth.providers!, { provide: Clock, useValue: clock }] }],
      providers: [{ provide: TestClock, useValue: clock }],
      exports: [TestClock],
    };
  }
}

const keys = ['secret', 'privateKey', 'publicKey', 'keys', 'managedKeys'] as const;

/** Where the test gives no key. */
function keyBeside(jwt: AuthTestingOptions['jwt'] = {}): { secret?: Buffer } {
  return keys.some((name) => jwt[name] !== undefined) ? {} : { secret: randomBytes(64) };
}
