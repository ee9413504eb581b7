import { Controller, Get, Inject, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AuthError, AuthService, Public } from 'nest-latchkey';
import { Environment } from '../environment.js';
import { expiredSession, type PageSession } from './page-session.js';
import { Page } from './page.decorator.js';
import { PROVIDER_NAMES } from './provider-names.js';
import { startPage } from './start-page.js';

@ApiExcludeController()
@Controller()
export class StartController {
  constructor(
    private readonly auth: AuthService,
    private readonly environment: Environment,
    @Inject(PROVIDER_NAMES) private readonly providers: readonly string[],
  ) {}

  @Public()
  @Get()
  @Page()
  async start(@Req() request: object) {
    const { publicUrl } = this.environment;
    return startPage({ publicUrl, providers: this.providers, ...(await this.visitor(request)) });
  }

  /** Asked here and not by `@RequireToken({ optional: true })`, because that refuses a bad token, and this page refuses nobody. */
  private async visitor(request: object): Promise<{ subject: string | null; session: PageSession | undefined }> {
    try {
      const token = await this.auth.verifyRequest(request, { optional: true });
      return { subject: token?.sub ?? null, session: undefined };
    } catch (error) {
      return { subject: null, session: error instanceof AuthError ? expiredSession(error, '/') : undefined };
    }
  }
}
