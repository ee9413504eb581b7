import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { AuthModule, CurrentToken, Token } from 'nest-latchkey';
import { jwtStrategy } from 'nest-latchkey/passport';

@UseGuards(AuthGuard('jwt'))
@Controller('notes')
class NotesController {
  @Get()
  list(@CurrentToken() token: Token) {
    return { owner: token.sub };
  }
}

@Module({
  imports: [AuthModule.forRoot({ jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! } })],
  providers: [jwtStrategy()],
  controllers: [NotesController],
})
export class PassportModule {}
