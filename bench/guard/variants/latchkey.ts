import { Controller, Get, Module } from '@nestjs/common';
import { AuthModule, CurrentToken, RequireToken, type Token } from 'nest-latchkey';
import { issuer, secret } from '../tokens.js';

@Controller('notes')
class NotesController {
  @RequireToken({ scope: { admin: true } })
  @Get()
  list(@CurrentToken() token: Token): { sub: string | undefined } {
    return { sub: token.sub };
  }
}

@Module({ imports: [AuthModule.forRoot({ jwt: { issuer, secret } })], controllers: [NotesController] })
export class LatchkeyModule {}
