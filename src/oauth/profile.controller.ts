import { Controller, Get, Inject, NotFoundException, Optional, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { CurrentToken, RequireToken, Token } from 'nest-latchkey';
import { OAuthClients } from 'nest-latchkey/passport';

/** Who the user is at a provider, asked there and now. */
@RequireToken()
@Controller('oauth')
export class ProfileController {
  /** Where no provider is configured, there are none. */
  constructor(@Optional() @Inject(OAuthClients) private readonly clients: OAuthClients | undefined) {}

  /** The query goes on to the provider. */
  @Get(':provider/profile')
  @ApiOkResponse({ schema: { type: 'object' }, description: 'The answer of its userinfo endpoint' })
  profile(
    @Param('provider') provider: string,
    @CurrentToken() token: Token,
    @Req() request: { url: string },
    @Res({ passthrough: true }) response: object,
  ): Promise<object> {
    if (this.clients === undefined) throw new NotFoundException('There is no such provider');
    const { searchParams } = new URL(request.url, 'http://localhost');
    return this.clients.of(provider, token, { request, response }).userinfo(searchParams);
  }
}
