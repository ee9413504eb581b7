import { Controller, Get, Module, Next } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { AuthError, AuthModule, AuthService, Clock, param, Public, RequireToken } from 'nest-latchkey';
import type { AuthEvents, AuthModuleOptions } from 'nest-latchkey';
import { TokenService } from '../../libs/auth/src/session/token.service.js';
import { FixedClock } from './fixture.js';

const jwt = { issuer: 'https://api.example.com', secret: 'kJ3v-9sQx_27LrTnWb8yZpEo5GhCdAuF' };

@Controller()
class AdminController {
  @RequireToken({ scope: { admin: true } })
  @Get('admin')
  admin() {
    return {};
  }
}

function appWith(options: Partial<AuthModuleOptions>) {
  @Module({ imports: [AuthModule.forRoot({ jwt, ...options })], controllers: [AdminController] })
  class AppModule {}
  return NestFactory.create(AppModule, { logger: false, abortOnError: false });
}

describe('AuthService, asked about a token by its text', () => {
  it('tells its jti and ends it, whatever hooks.verify says of its user', async () => {
    const app = await (await appWith({ hooks: { verify: () => false } })).init();
    const auth = app.get(AuthService);
    const token = await auth.issueAccessToken('ada');
    await expect(auth.verify(token)).rejects.toMatchObject({ code: 'token_rejected' });
    expect(await auth.jtiOf(token)).toBe(auth.decodeUnverified(token).claims.jti);
    await auth.revoke(token);
    await expect(auth.verify(token)).rejects.toMatchObject({ code: 'token_revoked' });
    await app.close();
  });

  it('believes no signature but its own', async () => {
    const app = await (await appWith({})).init();
    const auth = app.get(AuthService);
    const token = await auth.issueAccessToken('ada');
    const forged = `${token.slice(0, -4)}AAAA`;
    await expect(auth.jtiOf(forged)).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(auth.revoke(forged)).rejects.toMatchObject({ code: 'token_invalid' });
    expect(await auth.isValid(token)).toBe(true);
    await app.close();
  });
});

describe('the event of a refusal', () => {
  it('names the subject, whatever claim holds it, and no text of the token', async () => {
    const events: AuthEvents['refused'][] = [];
    const onEvent = (name: string, payload: unknown) => {
      if (name === 'refused') events.push(payload as AuthEvents['refused']);
    };
    const app = await appWith({ jwt: { ...jwt, subjectClaim: 'uid' }, hooks: { onEvent } });
    await app.listen(0, '127.0.0.1');
    const token = await app.get(AuthService).issueAccessToken('ada');
    const answer = await fetch(`${await app.getUrl()}/admin`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(403);
    expect(events).toEqual([expect.objectContaining({ code: 'insufficient_scope', subject: 'ada' })]);
    expect(JSON.stringify(events)).not.toContain(token.split('.')[2]);
    await app.close();
  });
});

describe('claims of two meanings', () => {
  it('CF-05 stop the boot: with the type as subject every user would be one', async () => {
    await expect(appWith({ jwt: { ...jwt, subjectClaim: 'type' } })).rejects.toMatchObject({
      option: 'jwt.subjectClaim',
      message: expect.stringContaining('name two claims') as string,
    });
  });
});

describe('a token that is revoked', () => {
  const clock = new FixedClock();
  const day = 86_400;

  it('RV-06 stays refused on a route for expired tokens, though nobody remembers the revocation any more', async () => {
    const app = await appAt(clock, {});
    const auth = app.get(AuthService);
    const token = await auth.issueAccessToken('ada');
    await auth.revoke(token);
    clock.advance(20 * day);
    await expect(auth.verify(token, { allowExpired: true })).rejects.toMatchObject({ code: 'token_revoked' });
    clock.advance(11 * day);
    await expect(auth.verify(token, { allowExpired: true, revocation: false })).rejects.toMatchObject({
      code: 'token_expired',
    });
    await app.close();
  });

  it('J80 takes the token that slid out of it along', async () => {
    const app = await appAt(clock, {});
    const auth = app.get(AuthService);
    const [token, other] = [await auth.issueAccessToken('ada'), await auth.issueAccessToken('ada')];
    expect(auth.decodeUnverified(token).claims.sid).not.toBe(auth.decodeUnverified(other).claims.sid);
    const { claims } = auth.decodeUnverified(token);
    const slid = await app.get(TokenService).reissueAccessToken(claims, 'ada', 900);
    await auth.revoke(token);
    expect([await auth.isValid(slid), await auth.isValid(other)]).toEqual([false, true]);
    await app.close();
  });
});

describe('two requirements on one handler', () => {
  const handler = () => ({ value: () => ({}) }) as unknown as PropertyDescriptor;

  it.each([
    ['@RequireToken() above a stricter one', () => RequireToken(), () => RequireToken({ scope: { admin: true } })],
    ['@Public() above a guarded one', () => Public(), () => RequireToken()],
  ])('CF-05 stop the boot: %s', (_name, upper, lower) => {
    const descriptor = handler();
    lower()({}, 'read', descriptor);
    expect(() => upper()({}, 'read', descriptor)).toThrow(/read: has two of @RequireToken\(\) and @Public\(\)/);
  });
});

describe('acceptAnyAudience', () => {
  it('CA-05 is about the tokens made here, and gives way to a route that names an audience', async () => {
    const app = await appAt(new FixedClock(), { jwt: { ...jwt, acceptAnyAudience: true } });
    const auth = app.get(AuthService);
    const token = await auth.issueAccessToken('ada', { audience: 'reports' });
    expect(await auth.isValid(token)).toBe(true);
    expect(await auth.isValid(token, { audience: 'reports' })).toBe(true);
    expect(await auth.isValid(token, { audience: 'payments' })).toBe(false);
    await app.close();
  });

  it('is not needed to refresh or to end tokens made for somebody else', async () => {
    const app = await appAt(new FixedClock(), {});
    const auth = app.get(AuthService);
    const pair = await auth.issueTokens('ada', { audience: 'reports' });
    const next = await auth.refresh(pair.refresh_token!);
    expect(auth.decodeUnverified(next.access_token).claims.aud).toBe('reports');
    await auth.revoke(next.access_token);
    expect(await auth.isValid(next.access_token, { audience: 'reports' })).toBe(false);
    await app.close();
  });
});

describe('a decision', () => {
  @RequireToken({ sub: param('owner') })
  @Controller()
  class OwnerController {
    @Get(':owner/*rest')
    first(@Next() next: () => void) {
      next();
    }

    @Get(':other/:owner')
    second() {
      return 'let in';
    }
  }

  it('is not carried over to another handler of the same request', async () => {
    @Module({ imports: [AuthModule.forRoot({ jwt })], controllers: [OwnerController] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const headers = { authorization: `Bearer ${await app.get(AuthService).issueAccessToken('alice')}` };
    const status = async (path: string) => (await fetch((await app.getUrl()) + path, { headers })).status;
    expect([await status('/alice/bob'), await status('/alice/alice')]).toEqual([403, 200]);
    await app.close();
  });
});

describe('AuthService and hooks.loadUser', () => {
  it('J43 believe no token of a user who is gone, and refresh none', async () => {
    const app = await appAt(new FixedClock(), { hooks: { loadUser: () => null } });
    const auth = app.get(AuthService);
    const { access_token: access, refresh_token: refresh } = await auth.issueTokens('ada');
    await expect(auth.verify(access)).rejects.toMatchObject({ code: 'user_not_found' });
    await expect(auth.refresh(refresh!)).rejects.toMatchObject({ code: 'user_not_found' });
    await app.close();
  });

  it('take no options that only a request can meet', async () => {
    const app = await appAt(new FixedClock(), {});
    const auth = app.get(AuthService);
    const options = { optional: 'lenient' } as object;
    await expect(auth.verify('x', options)).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(() => auth.decodeUnverified(undefined as unknown as string)).toThrow(AuthError);
    await app.close();
  });

  it('have no signing key to rotate where the keys stand in the options', async () => {
    const app = await appAt(new FixedClock(), {});
    const rotated = app.get(AuthService).rotateSigningKey();
    await expect(rotated).rejects.toMatchObject({ code: 'invalid_argument', reason: /jwt\.managedKeys/ });
    await app.close();
  });
});

async function appAt(clock: FixedClock, options: Partial<AuthModuleOptions>) {
  const moduleRef = await Test.createTestingModule({ imports: [AuthModule.forRoot({ jwt, ...options })] })
    .overrideProvider(Clock)
    .useValue(clock)
    .compile();
  return moduleRef.createNestApplication({ logger: false }).init();
}
