import { Controller, Get, Header, Inject, Optional } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AuthService, CurrentSession, Public, RequestSession, RequireToken } from 'nest-latchkey';
import { OAuthLinks } from 'nest-latchkey/passport';
import { accountPage, accountPageScript } from './account-page.js';
import { PROVIDER_NAMES } from './provider-names.js';

@ApiExcludeController()
@Controller('account')
export class AccountPageController {
  constructor(
    private readonly auth: AuthService,
    @Inject(PROVIDER_NAMES) private readonly providers: readonly string[],
    @Optional() private readonly links?: OAuthLinks,
  ) {}

  @RequireToken({ session: true })
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async page(@CurrentSession() { id: sid, subject: user, claims }: RequestSession) {
    const [devices, links = []] = await Promise.all([
      this.auth.listSessions({ subject: user }),
      this.links?.list(user),
    ]);
    return accountPage({
      user,
      sid,
      devices,
      links,
      providers: this.providers,
      antiCsrf: String(claims['csrf'] ?? ''),
    });
  }

  /** A file of its own: the Content-Security-Policy takes no scripts out of pages. */
  @Public()
  @Get('page.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  script() {
    return accountPageScript;
  }
}
