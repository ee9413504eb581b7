import { Catch, HttpException, Inject, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuthError } from 'nest-latchkey';
import { html } from './html.js';
import { logInPage } from './log-in-page.js';
import { problem } from './notices.js';
import { expiredSession } from './page-session.js';
import { pageHeaders } from './page.decorator.js';
import { PROVIDER_NAMES } from './provider-names.js';
import { refusalPage } from './refusal-page.js';
import { refusalOf, type Refusal } from './refusal.js';

/** Says a refusal by a page, where others get JSON. What is no refusal but a fault goes on to the filters of the application. */
@Injectable()
@Catch(HttpException, AuthError)
export class PageFilter implements ExceptionFilter {
  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(PROVIDER_NAMES) protected readonly providers: readonly string[],
  ) {}

  catch(exception: HttpException | AuthError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const refusal = refusalOf(exception);
    const response = http.getResponse<object>();
    for (const [name, value] of Object.entries({ ...pageHeaders, ...refusal.headers }))
      this.host.httpAdapter.setHeader(response, name, value);
    this.host.httpAdapter.reply(response, this.pageOf(refusal, http.getRequest()), refusal.status);
  }

  /** Whoever is not logged in gets the form to do so. */
  protected pageOf({ status, text, error }: Refusal, _request: { body?: unknown }): string {
    if (status !== 401) return refusalPage(text);
    const session = error && expiredSession(error, '/account');
    const notice = error?.code === 'token_missing' ? html`<p>${text}</p>` : problem(text);
    return logInPage({ providers: this.providers, notice, session });
  }
}
