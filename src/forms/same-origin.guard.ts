import { ForbiddenException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Environment } from '../environment.js';

type Headers = Readonly<Record<string, unknown>>;

/**
 * Forms of our own pages alone. Every browser says where a form comes from, by Origin, by Fetch Metadata or by both; what
 * says neither is no browser, and has routes of its own.
 *
 * Without a session nothing else tells that somebody meant to log in: a foreign form could log its visitor in as somebody else.
 */
@Injectable()
export class SameOriginGuard implements CanActivate {
  constructor(private readonly environment: Environment) {}

  canActivate(context: ExecutionContext): boolean {
    const { publicUrl } = this.environment;
    const { headers } = context.switchToHttp().getRequest<{ headers: Headers }>();
    if (isSameOrigin(headers, publicUrl)) return true;
    throw new ForbiddenException(
      `This form was not sent by a page of ${publicUrl}: open the page there, and try again`,
    );
  }
}

/** Neither of the two may say otherwise; `same-site` is another origin, and `none` no form. */
function isSameOrigin({ origin, 'sec-fetch-site': site }: Headers, publicUrl: string): boolean {
  if (origin === undefined && site === undefined) return false;
  return (origin === undefined || origin === publicUrl) && (site === undefined || site === 'same-origin');
}
