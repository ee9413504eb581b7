import { Controller, Get, Inject, Optional, Query, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AuthService, CurrentSession, Public, RequestSession, RequireToken } from 'nest-latchkey';
import { OAuthLinks } from 'nest-latchkey/passport';
import { FormProof } from '../forms/form-proof.js';
import { accountPage } from './account-page.js';
import { logInPage } from './log-in-page.js';
import { noticeOf } from './notices.js';
import { Page } from './page.decorator.js';
import { PageFilter } from './page.filter.js';
import { PROVIDER_NAMES } from './provider-names.js';
import { signUpPage } from './sign-up-page.js';

/** The pages of an account. What their forms do is in `forms/`. */
@ApiExcludeController()
@UseFilters(PageFilter)
@Controller('account')
export class AccountPageController {
  constructor(
    private readonly auth: AuthService,
    private readonly proof: FormProof,
    @Inject(PROVIDER_NAMES) private readonly providers: readonly string[],
    @Optional() private readonly links?: OAuthLinks,
  ) {}

  @RequireToken({ session: true })
  @Get()
  @Page()
  async account(
    @CurrentSession() { id: sid, subject: user, claims }: RequestSession,
    @Query('done') done?: unknown,
    @Query('error') error?: unknown,
  ): Promise<string> {
    const [devices, links = []] = await Promise.all([
      this.auth.listSessions({ subject: user }),
      this.links?.list(user),
    ]);
    return accountPage({
      ...{ user, sid, claims, devices, links, providers: this.providers },
      ...{ proof: this.proof.of(sid), notice: noticeOf({ done, error }) },
    });
  }

  @Public()
  @Get('login')
  @Page()
  logIn(@Query('done') done?: unknown, @Query('error') error?: unknown): string {
    return logInPage({ providers: this.providers, notice: noticeOf({ done, error }) });
  }

  @Public()
  @Get('signup')
  @Page()
  signUp(): string {
    return signUpPage({});
  }
}
