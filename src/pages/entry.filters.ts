import { Catch, HttpException, Injectable } from '@nestjs/common';
import { AuthError } from 'nest-latchkey';
import { logInPage } from './log-in-page.js';
import { problem } from './notices.js';
import { PageFilter } from './page.filter.js';
import type { Refusal } from './refusal.js';
import { signUpPage } from './sign-up-page.js';

/** The form of the log-in again, with what was wrong; the password is to be typed anew. */
@Injectable()
@Catch(HttpException, AuthError)
export class LogInFilter extends PageFilter {
  protected override pageOf({ status, text, fields }: Refusal, request: { body?: unknown }): string {
    const isWrong = status === 401 || fields.length > 0;
    return logInPage({
      ...{ providers: this.providers, notice: problem(text), isWrong },
      username: usernameOf(request),
    });
  }
}

/** The same for the form of the sign-up. */
@Injectable()
@Catch(HttpException, AuthError)
export class SignUpFilter extends PageFilter {
  protected override pageOf({ status, text, fields }: Refusal, request: { body?: unknown }): string {
    // the name is taken
    const wrongFields = status === 409 ? ['username'] : fields;
    return signUpPage({ problem: problem(text), wrongFields, username: usernameOf(request) });
  }
}

/** As it was typed, so that it can be mended. */
function usernameOf({ body }: { body?: unknown }): string | undefined {
  const { username } = (body ?? {}) as { username?: unknown };
  return typeof username === 'string' ? username.slice(0, 256) : undefined;
}
