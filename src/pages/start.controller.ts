import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AuthService, Public } from 'nest-latchkey';
import { Environment } from '../environment.js';
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
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async start(@Req() request: object) {
    return startPage(this.environment.publicUrl, await this.subjectOf(request), this.providers);
  }

  /** Asked here and not by `@RequireToken({ optional: true })`, because that refuses a bad token, and this page refuses nobody. */
  private async subjectOf(request: object): Promise<string | null> {
    try {
      const token = await this.auth.verifyRequest(request, { optional: true });
      return token?.sub ?? null;
    } catch {
      return null;
    }
  }
}
