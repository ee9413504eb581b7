import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthModule, AuthService, RequireToken, type AuthEvents, type AuthModuleOptions } from 'nest-latchkey';

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
