import { Controller, Get, Header, HttpCode, Post } from '@nestjs/common';
import { CurrentToken, RequireToken, Token } from 'nest-latchkey';

/** One route for each thing that `@RequireToken()` can ask. */
@Controller()
export class TokenController {
  @RequireToken()
  @Get('me')
  me(@CurrentToken() token: Token) {
    return describe(token);
  }

  /** The same by POST: with tokens in cookies, this is the one that needs a CSRF proof. */
  @RequireToken()
  @Post('me')
  @HttpCode(200)
  postMe(@CurrentToken() token: Token) {
    return describe(token);
  }

  @RequireToken()
  @Get('token/info')
  @Header('Cache-Control', 'no-store')
  info(@CurrentToken() token: Token) {
    return {
      token_type: token.type,
      subject: token.sub,
      scope: token.scope,
      claims: token.claims,
      is_signed: true, // an unsigned token never gets here
      signed_token: token.raw,
    };
  }

  @RequireToken({ scope: { admin: true } })
  @Get('admin')
  admin(@CurrentToken('sub') sub: string) {
    return { sub, admin: true };
  }

  @RequireToken({ optional: true })
  @Get('optional')
  optional(@CurrentToken() token: Token | null) {
    return { sub: token?.sub ?? null };
  }

  /** Only within five minutes of the log-in: a refresh gives a new token, but does not move the time of the log-in. */
  @RequireToken({ fresh: '5m' })
  @Get('fresh')
  fresh(@CurrentToken('sub') sub: string) {
    return { sub, fresh: true };
  }
}

function describe(token: Token) {
  return { sub: token.sub, sid: token.sid ?? null, scope: token.scope };
}
