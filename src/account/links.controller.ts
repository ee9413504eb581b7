import {
  Controller,
  Delete,
  HttpCode,
  NotFoundException,
  Optional,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { CurrentSession, RequestSession, RequireToken } from 'nest-latchkey';
import { OAuthLinks, OAuthService } from 'nest-latchkey/passport';
import { AuthorizationUrl } from './authorization-url.dto.js';

/** Of Express and Fastify. */
interface Answer {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
}

/** The providers that log the user in, besides the password. */
@RequireToken({ session: true })
@Controller('account/links')
export class LinksController {
  constructor(
    // where no provider is configured, there is none of the two
    @Optional() private readonly oauth?: OAuthService,
    @Optional() private readonly links?: OAuthLinks,
  ) {}

  /** Begin to link: a script gets the URL to send the browser to; anybody else is sent there. */
  @Post(':provider')
  @ApiOkResponse({ type: AuthorizationUrl })
  @ApiResponse({ status: 303, description: 'To the provider, for who does not ask for JSON' })
  async start(
    @Param('provider') provider: string,
    @CurrentSession() { subject: user, id: sid }: RequestSession,
    @Req() request: { headers: Record<string, string | undefined> },
    @Res({ passthrough: true }) response: Answer,
  ): Promise<AuthorizationUrl> {
    if (this.oauth === undefined) throw noProvider();
    const options = { returnTo: '/account', link: { user, sid } };
    const authorizationUrl = await this.oauth.start(provider, { request, response }, options);
    response.status(isOfScript(request) ? 200 : 303);
    if (!isOfScript(request)) response.header('Location', authorizationUrl);
    return { authorizationUrl };
  }

  /** Unlink. Other ways to log in must remain. */
  @Delete(':provider')
  @HttpCode(204)
  @ApiQuery({ name: 'subject', required: false, description: 'Which of several accounts at the provider' })
  @ApiNoContentResponse()
  async unlink(
    @Param('provider') provider: string,
    @CurrentSession('subject') user: string,
    @Query('subject') subject?: unknown,
  ): Promise<void> {
    if (this.links === undefined) throw noProvider();
    // a subject that stands there twice is none
    await this.links.unlink(user, provider, { subject: subject === undefined ? undefined : String(subject) });
  }
}

/** A script would follow a redirect itself, to a page that it cannot read. */
function isOfScript({ headers }: { headers: Record<string, string | undefined> }): boolean {
  const mode = headers['sec-fetch-mode'];
  return (mode !== undefined && mode !== 'navigate') || /\bapplication\/json\b/.test(headers['accept'] ?? '');
}

function noProvider(): NotFoundException {
  return new NotFoundException('There is no such provider');
}
