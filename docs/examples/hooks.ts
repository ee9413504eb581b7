import { Injectable } from '@nestjs/common';
import { AuthModule, type AuthHooks, type Token } from 'nest-latchkey';

@Injectable()
class Hooks implements AuthHooks {
  private readonly users = new Map([['ada', { name: 'Ada', plan: 'pro' }]]);

  /** Claims of every token issued. */
  claims(user: unknown) {
    return { plan: this.users.get(String(user))?.plan ?? 'free' };
  }

  /** For `@CurrentUser()`; null refuses the token with 401. */
  loadUser(token: Token) {
    return this.users.get(token.sub) ?? null;
  }
}

export const auth = AuthModule.forRoot({
  jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! },
  hooks: Hooks,
});
