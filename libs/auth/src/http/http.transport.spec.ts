import { Logger, type ExecutionContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AuthError } from '../auth.errors.js';
import { AuthModule } from '../auth.module.js';
import { AuthService } from '../auth.service.js';
import { RequireTokenGuard } from '../resource/require-token.guard.js';
import { RequireToken } from '../resource/require-token.decorator.js';
import { Transport } from '../resource/transport.js';

class Handlers {
  @RequireToken()
  guarded(): void {}

  @RequireToken({ optional: true })
  optional(): void {}

  @RequireToken({ optional: 'lenient' })
  lenient(): void {}

  undecorated(): void {}
}

const kinds = ['rpc', 'ws', 'graphql', 'sse', '', 'HTTP'];
const names = ['guarded', 'optional', 'lenient', 'undecorated'] as const;

let guard: RequireTokenGuard;
let transport: Transport;
let token: string;

beforeAll(async () => {
  const jwt = { issuer: 'https://api.example.com', secret: 'http.transport.spec: 6mQ2vX9fT4kZ8wB1nR7cY5hJ' };
  const module = await Test.createTestingModule({ imports: [AuthModule.forRoot({ jwt })] }).compile();
  guard = module.get(RequireTokenGuard);
  transport = module.get(Transport);
  token = await module.get(AuthService).issueAccessToken('alice');
  Logger.overrideLogger(false);
});

/** A context of that kind, whose first argument looks like a request with a good token. */
function contextOf(type: string, name: (typeof names)[number] = 'guarded'): ExecutionContext {
  const request = { method: 'GET', headers: { authorization: `Bearer ${token}` }, rawHeaders: [] };
  return {
    getType: () => type,
    getHandler: () => Handlers.prototype[name],
    getClass: () => Handlers,
    getArgs: () => [request, {}],
    getArgByIndex: (index: number) => [request, {}][index],
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => ({}) }),
  } as unknown as ExecutionContext;
}

const unsupported = expect.objectContaining({ code: 'unsupported_context', statusCode: 500 });

describe.each(kinds)('TR-10 a context of the kind %j', (kind) => {
  it.each(names)('is refused on a handler that is %s, though it looks like a request', (name) => {
    expect(() => guard.canActivate(contextOf(kind, name))).toThrow(unsupported);
  });

  it('has no message, and is phrased as the error itself: there are no headers to set', () => {
    expect(() => transport.message(contextOf(kind))).toThrow(unsupported);
    const error = new AuthError('token_missing');
    expect(transport.refusal(error, contextOf(kind))).toBe(error);
  });
});

describe('TR-10 a context of HTTP', () => {
  it('is let through with its token, and refused without', () => {
    expect(guard.canActivate(contextOf('http'))).toBe(true);
    const context = contextOf('http');
    delete context.switchToHttp().getRequest<{ headers: { authorization?: string } }>().headers.authorization;
    const response = { setHeader: () => {} };
    const bare = { ...context, switchToHttp: () => ({ ...context.switchToHttp(), getResponse: () => response }) };
    expect(() => guard.canActivate(bare as never)).toThrow(expect.objectContaining({ status: 401 }));
  });
});
