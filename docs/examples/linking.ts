import { Controller, Delete, HttpCode, Param, Post, Redirect, Req, Res } from '@nestjs/common';
import { CurrentSession, RequestSession, RequireToken } from 'nest-latchkey';
import { OAuthLinks, OAuthService } from 'nest-latchkey/passport';

@RequireToken({ session: true })
@Controller('account/links')
export class LinksController {
  constructor(
    private readonly oauth: OAuthService,
    private readonly links: OAuthLinks,
  ) {}

  @Post(':provider')
  @Redirect(undefined, 303)
  async link(
    @Param('provider') provider: string,
    @CurrentSession() session: RequestSession,
    @Req() request: object,
    @Res({ passthrough: true }) response: object,
  ) {
    const link = { user: session.subject, sid: session.id };
    return { url: await this.oauth.start(provider, { request, response }, { returnTo: '/account', link }) };
  }

  @Delete(':provider')
  @HttpCode(204)
  unlink(@Param('provider') provider: string, @CurrentSession('subject') user: string): Promise<void> {
    return this.links.unlink(user, provider);
  }
}
