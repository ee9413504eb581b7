/**
 * An application that logs in with providers, and a browser that dances.
 *
 * The application believes that it is https://app.example.com: whatever it says of itself comes from `publicUrl`, for it
 * listens on a port of loopback.
 */
import type { INestApplication, Type } from '@nestjs/common';
import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import {
  CurrentToken,
  RequireToken,
  Token,
  type AuthEvents,
  type AuthModuleOptions,
  type OAuthKnownUser,
} from 'nest-latchkey';
import { oauthLogin, type OAuthLogin, type OAuthLoginOptions } from 'nest-latchkey/passport';
import { Api, type Adapter, type FixtureOptions } from '../e2e/fixture.js';
import { Browser, nextOf, type Page } from './browser.js';

export const appOrigin = 'https://app.example.com';

@Controller()
export class MeController {
  @RequireToken()
  @Get('me')
  me(@CurrentToken() token: Token) {
    return { sub: token.sub, sid: token.sid ?? null };
  }
}

export type SeenEvent = { [Name in keyof AuthEvents]: { name: Name } & AuthEvents[Name] }[keyof AuthEvents];

export class DancingApp {
  readonly events: SeenEvent[] = [];
  readonly logins: OAuthLogin[] = [];
  readonly api: Api;

  constructor(
    adapter: Adapter,
    oauth: OAuthLoginOptions,
    { options = {}, controllers = [], ...rest }: FixtureOptions = {},
    hooks: Partial<AuthModuleOptions['hooks']> = {},
  ) {
    this.api = new Api(adapter, {
      ...rest,
      controllers: [MeController, ...controllers],
      options: {
        publicUrl: appOrigin,
        session: {},
        oauth: oauthLogin(oauth),
        hooks: {
          oauthUser: (login: OAuthLogin, { linkedTo }: OAuthKnownUser) => {
            this.logins.push(login);
            return { user: linkedTo ?? `${login.provider}:${login.identity.subject}` };
          },
          onEvent: (name: string, payload: object) => void this.events.push({ name, ...payload } as SeenEvent),
          ...hooks,
        },
        ...options,
      },
    });
  }

  async start(setUp?: (app: INestApplication) => void): Promise<void> {
    await this.api.start(setUp);
    this.now();
  }

  stop(): Promise<void> {
    return this.api.stop();
  }

  /** Real providers live today. */
  now(): void {
    this.api.clock.reset();
    this.api.clock.advance(Math.round((Date.now() - this.api.clock.now()) / 1000));
  }

  /** Nobody's yet. */
  browser(): Browser {
    const port = Number(new URL(`http://${this.address}`).port);
    return new Browser(new Map([[appOrigin, port]]));
  }

  eventsOf(name: keyof AuthEvents): SeenEvent[] {
    return this.events.filter((event) => event.name === name);
  }

  private get address(): string {
    return `127.0.0.1:${(this.api.app.getHttpServer() as { address(): { port: number } }).address().port}`;
  }
}

export function at(path: string): string {
  return appOrigin + path;
}

/** From a start of ours through the provider: the page of the provider that sends the browser back. */
export async function answerOf(browser: Browser, start: string = '/login/corp'): Promise<Page> {
  const begun = await browser.visit(at(start));
  expect(begun.status).toBe(302);
  return browser.follow(begun, (next) => next.origin !== appOrigin);
}

/** The whole dance. @returns the answer of our own route. */
export async function dance(browser: Browser, start?: string): Promise<Page> {
  const answer = await answerOf(browser, start);
  const next = nextOf(answer);
  if (next === undefined) throw new Error(`the provider sends nobody back: ${answer.status} ${answer.text}`);
  return browser.visit(next);
}

/** A controller that uses the stock guard of @nestjs/passport. */
export function guardedBy(name: string): Type {
  @Controller('own')
  class OwnController {
    @UseGuards(AuthGuard(name))
    @Get('start')
    start(): void {}

    @UseGuards(AuthGuard(name))
    @Get('answer')
    answer(@Req() { user }: { user: OAuthLogin }) {
      return user;
    }
  }
  return OwnController;
}
