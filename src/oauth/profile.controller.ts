import { Controller, Get, Inject, NotFoundException, Optional, Param, Req } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { CurrentToken, RequireToken } from 'nest-latchkey';
import { OAuthGrants } from 'nest-latchkey/passport';

/** Who the user is at a provider, asked there and now. */
@RequireToken()
@Controller('oauth')
export class ProfileController {
  /** Where no provider is configured, there are no grants. */
  constructor(@Optional() @Inject(OAuthGrants) private readonly grants: OAuthGrants | undefined) {}

  /** The query goes on to the provider. */
  @Get(':provider/profile')
  @ApiOkResponse({ schema: { type: 'object' }, description: 'The answer of its userinfo endpoint' })
  profile(
    @Param('provider') provider: string,
    @CurrentToken('sub') sub: string,
    @Req() { url }: { url: string },
  ): Promise<object> {
    if (this.grants === undefined) throw new NotFoundException('There is no such provider');
    const { searchParams } = new URL(url, 'http://localhost');
    return this.grants.client(provider, { kind: 'user', id: sub }).userinfo(searchParams);
  }
}
