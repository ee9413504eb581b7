import {
  Body,
  Controller,
  HttpCode,
  NotFoundException,
  Optional,
  Redirect,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AuthService, CurrentSession, RequestSession } from 'nest-latchkey';
import { OAuthLinks, OAuthService } from 'nest-latchkey/passport';
import { Devices } from '../account/devices.js';
import { Page } from '../pages/page.decorator.js';
import { PageFilter } from '../pages/page.filter.js';
import { providerPage } from '../pages/provider-page.js';
import { SessionForm } from './session-form.decorator.js';
import { EndSessionDto, LinkDto, SessionFormDto, UnlinkDto } from './session-forms.dto.js';

/** What the account page changes, by forms alone. Each ends in a page that can be loaded again. */
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('account')
export class SessionFormsController {
  constructor(
    private readonly auth: AuthService,
    private readonly devices: Devices,
    // where no provider is configured, there is none of the two
    @Optional() private readonly oauth?: OAuthService,
    @Optional() private readonly links?: OAuthLinks,
  ) {}

  /** Also once the token has expired: it still says whose session is to end. */
  @SessionForm('logout', { allowExpired: true })
  @Redirect('/account/login?done=logged-out', 303)
  async logOut(@Body() _form: SessionFormDto, @CurrentSession() session: RequestSession): Promise<void> {
    await this.auth.revokeSession(session);
  }

  @SessionForm('end-session')
  @Redirect('/account?done=device-ended', 303)
  async endSession(@Body() form: EndSessionDto, @CurrentSession('subject') subject: string): Promise<void> {
    await this.devices.end(form.session, subject);
  }

  @SessionForm('end-other-sessions')
  @Redirect('/account?done=others-ended', 303)
  async endOthers(@Body() _form: SessionFormDto, @CurrentSession() session: RequestSession): Promise<void> {
    await this.devices.endOthers(session);
  }

  @SessionForm('link')
  @HttpCode(200)
  @Page()
  async link(
    @Body() { provider }: LinkDto,
    @CurrentSession() { subject: user, id: sid }: RequestSession,
    @Req() request: object,
    @Res({ passthrough: true }) response: object,
  ): Promise<string> {
    if (this.oauth === undefined) throw noProvider();
    const options = { returnTo: '/account?done=linked', link: { user, sid } };
    return providerPage(provider, await this.oauth.start(provider, { request, response }, options));
  }

  @SessionForm('unlink')
  @Redirect('/account?done=unlinked', 303)
  async unlink(@Body() { provider, subject }: UnlinkDto, @CurrentSession('subject') user: string): Promise<void> {
    if (this.links === undefined) throw noProvider();
    await this.links.unlink(user, provider, { subject });
  }
}

function noProvider(): NotFoundException {
  return new NotFoundException('There is no such provider');
}
