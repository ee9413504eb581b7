import { inspect } from 'node:util';
import { Controller, Inject, Injectable, Scope, type Provider, type Type } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { AuthConfigError } from 'nest-latchkey';
import {
  OAuthEvent,
  oauthLogin,
  OAuthResult,
  OnOAuthAuthorized,
  OnOAuthLinked,
  OnOAuthRefreshed,
  OnOAuthUnlinked,
  type OAuthAuthorizedEvent,
} from 'nest-latchkey/passport';
import { oidc } from 'nest-latchkey/providers';
import { OAuthListeners } from '../../libs/auth/src/oauth/events/oauth-listeners.js';
import { bootFailure, rootModule } from '../e2e/fixture.js';

const clientSecret = 'the canary of the client';
const good = { issuer: 'https://sso.example.com', clientId: 'app', clientSecret };
const heard: string[] = [];

@Injectable()
class Audit {
  private readonly own = 'audit';

  @OnOAuthLinked()
  @OnOAuthUnlinked('corp')
  async note({ provider, user }: OAuthEvent): Promise<void> {
    heard.push(`${this.own} ${provider} ${user}`);
  }

  @OnOAuthLinked('other')
  ofOther(): void {
    heard.push('of other');
  }

  @OnOAuthLinked('corp', { order: -1 })
  first(): void {
    heard.push('first');
  }

  @OnOAuthLinked('corp', { order: 1 })
  last(): void {
    heard.push('last');
  }
}

@Injectable()
class QuietAudit extends Audit {
  override async note(): Promise<void> {
    heard.push('overridden');
  }
}

@Controller('board')
class Board {
  @OnOAuthLinked()
  tell(): void {
    heard.push('board');
  }
}

async function listenersWith(providers: Provider[], controllers: Type[] = []): Promise<OAuthListeners> {
  const corp = oidc('corp', good);
  const module = rootModule({
    providers,
    controllers,
    options: {
      session: {},
      hooks: { oauthUser: () => null },
      oauth: oauthLogin({ providers: [corp, oidc('other', good)] }),
    },
  });
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  try {
    await app.init();
    return app.get(OAuthListeners, { strict: false });
  } finally {
    await app.close();
  }
}

async function hears(event: 'linked' | 'unlinked', provider: string, ...parts: Parameters<typeof listenersWith>) {
  const listeners = await listenersWith(...parts);
  heard.length = 0;
  await listeners.tell(event, { provider, user: 'bob' });
  return [...heard];
}

describe('@OnOAuth…() on methods', () => {
  it('O53 hears of its events and of its provider, in order', async () => {
    expect(await hears('linked', 'corp', [Audit], [Board])).toEqual(['first', 'audit corp bob', 'board', 'last']);
    expect(await hears('linked', 'other', [Audit])).toEqual(['audit other bob', 'of other']);
    expect(await hears('unlinked', 'corp', [Audit])).toEqual(['audit corp bob']);
    expect(await hears('unlinked', 'other', [Audit])).toEqual([]);
  });

  it('hears once where a class has two names', async () => {
    const names = [
      Audit,
      { provide: 'alias', useExisting: Audit },
      { provide: 'factory', useFactory: () => new Board() },
    ];
    expect(await hears('linked', 'corp', names)).toEqual(['first', 'audit corp bob', 'board', 'last']);
  });

  it('lets a method that overrides one hear in its place', async () => {
    expect(await hears('unlinked', 'corp', [QuietAudit])).toEqual(['overridden']);
  });

  it('hears under a decorator that wraps the method', async () => {
    const wrapping: MethodDecorator = (_target, _key, descriptor) => {
      const inner = descriptor.value as unknown as () => void;
      descriptor.value = function (this: unknown) {
        heard.push('wrapped');
        return inner.call(this);
      } as never;
    };
    class Wrapped {
      @wrapping
      @OnOAuthLinked()
      tell(): void {
        heard.push('inner');
      }
    }
    expect(await hears('linked', 'corp', [Wrapped])).toEqual(['wrapped', 'inner']);
  });

  it('asks the instance that Nest made', async () => {
    @Injectable()
    class Invitations {
      constructor(@Inject('reason') private readonly reason: string) {}

      @OnOAuthAuthorized('corp')
      check(event: OAuthAuthorizedEvent) {
        return event.subject === 'bob' ? OAuthResult.reject(this.reason) : undefined;
      }
    }
    const listeners = await listenersWith([Invitations, { provide: 'reason', useValue: 'not_invited' }]);
    const verdict = await listeners.ask('authorized', { provider: 'corp', subject: 'bob' } as OAuthAuthorizedEvent);
    expect(verdict.answer).toEqual({ kind: 'reject', reason: 'not_invited' });
  });

  class Mistaken {
    @OnOAuthRefreshed('crop')
    hear(): void {}
  }
  class OfRequest {
    @OnOAuthLinked()
    hear(): void {}
  }
  Injectable({ scope: Scope.REQUEST })(OfRequest);
  class BelowRequest {
    constructor(readonly request: object) {}
    @OnOAuthLinked()
    hear(): void {}
  }
  Inject(REQUEST)(BelowRequest, undefined as never, 0);
  Injectable()(BelowRequest);
  class Transient {
    @OnOAuthLinked()
    hear(): void {}
  }
  Injectable({ scope: Scope.TRANSIENT })(Transient);

  it.each([
    ['of no provider', Mistaken, 'Mistaken.hear', /none of oauth.providers: corp, other/],
    ['of a class made for each request', OfRequest, 'OfRequest.hear', /Nest makes one/],
    ['of a class that a request is injected into', BelowRequest, 'BelowRequest.hear', /Nest makes one/],
    ['of a class made for each user', Transient, 'Transient.hear', /Nest makes one/],
  ])('stops the boot for a handler %s', async (_, type: Type, option, problem) => {
    const error: unknown = await listenersWith([type]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthConfigError);
    expect(error).toMatchObject({ option, message: expect.stringMatching(problem) });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(clientSecret);
  });

  it.each([
    ['static ones', Audit, 'hear', 'static Audit.hear'],
    ['nameless ones', {}, Symbol('hear'), 'Object.Symbol(hear)'],
  ])('refuses methods that Nest does not find: %s', (_, target: object, key, option) => {
    const decorate = () => OnOAuthLinked()(target, key, { value: () => {} });
    expect(decorate).toThrow(expect.objectContaining({ name: 'AuthConfigError', option }));
  });

  it('takes methods alone that could hear of it, and that say what it understands', () => {
    class Typed {
      @OnOAuthAuthorized()
      async goesOn(): Promise<void> {}

      @OnOAuthAuthorized()
      decides(event: OAuthEvent): OAuthResult | false {
        return event.user === undefined ? false : OAuthResult.reject();
      }

      // @ts-expect-error -- it would be ignored
      @OnOAuthAuthorized()
      saysNothing() {
        return { store: false };
      }

      // @ts-expect-error -- events of another kind come
      @OnOAuthLinked()
      hearsAnother(event: OAuthAuthorizedEvent): void {
        heard.push(event.login.provider);
      }
    }
    expect(Typed).toBeDefined();
  });

  it('knows the providers that a factory gives', async () => {
    const oauth = oauthLogin({ useFactory: async () => ({ providers: [oidc('crop', good)] }) });
    const options = { session: {}, hooks: { oauthUser: () => null }, oauth };
    expect(await bootFailure(rootModule({ providers: [Mistaken], options }))).toBeUndefined();
  });
});
