import type { ConfigurableModuleAsyncOptions, DynamicModule } from '@nestjs/common';
import { AuthConfigError } from './auth.errors.js';
import { extraNames, moduleOptionNames, type AuthModuleOptions } from './auth.options.js';
import type { OAuthEdge } from './oauth/oauth-edge.js';
import { routesPathPattern } from './session/session.options.js';

/** Options that shape the module itself: they stand beside `useFactory` too. */
export interface AuthModuleExtras {
  /** Every module of the application can use the guard and AuthService. Default true. */
  isGlobal?: boolean;
  /** Every route wants a token unless it is `@Public()`. Default false. */
  globalGuard?: boolean;
  /** The module's own routes (JWKS, refresh and sign-out of sessions), and where they live. Default true, below `session.basePath`; a factory tells that too late. */
  controllers?: boolean | { basePath: string };
  /** Modules whose providers `hooks` wants. */
  imports?: DynamicModule['imports'];
}

/** What a class gives that makes the options: `forRootAsync({ useClass })`, or `useExisting`. */
export interface AuthOptionsFactory {
  createAuthOptions(): AuthModuleOptions | Promise<AuthModuleOptions>;
}

/**
 * What `AuthModule.forRootAsync()` takes: one of `useFactory` (with `inject`), `useClass` and `useExisting`, and beside it `imports`,
 * the extras and `oauth`. Every other option comes of the factory.
 */
export type AuthModuleAsyncOptions = ConfigurableModuleAsyncOptions<AuthModuleOptions, 'createAuthOptions'> &
  AuthModuleExtras &
  Pick<AuthModuleOptions, 'oauth'>;

const ways = ['useFactory', 'useClass', 'useExisting'] as const;
const asyncNames = [...ways, 'inject', 'provideInjectionTokensFrom', ...extraNames, 'oauth'];

/** Nest reads past what it does not know: an option in the wrong place would be one that is not there. @throws AuthConfigError */
export function checkAsyncOptions(options: AuthModuleAsyncOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new AuthConfigError('forRootAsync()', 'takes an object: { useFactory, inject, imports }');
  for (const name of Object.keys(options)) {
    if (moduleOptionNames.includes(name) && name !== 'oauth')
      throw new AuthConfigError(name, 'stands beside the factory: write it in what the factory gives');
    if (!asyncNames.includes(name)) throw new AuthConfigError(name, `is no option: there are ${asyncNames.join(', ')}`);
  }
  const [way, second] = ways.filter((name) => options[name] !== undefined);
  if (way === undefined) throw new AuthConfigError('forRootAsync()', `takes one of ${ways.join(', ')}`);
  if (second !== undefined) throw new AuthConfigError(second, `stands beside ${way}: keep one of them`);
  if (way === 'useFactory' && typeof options.useFactory !== 'function')
    throw new AuthConfigError(way, 'must be a function that gives the options');
  // Nest would say that something is not a function, and not what
  if (way === 'useClass' && typeof options.useClass?.prototype?.createAuthOptions !== 'function')
    throw new AuthConfigError(way, 'must be a class with a method createAuthOptions()');
}

/** A text such as 'true', as an environment variable holds it, would leave the guard off unseen. */
export function checkExtras({ isGlobal, globalGuard, controllers }: AuthModuleExtras): void {
  for (const [name, value] of Object.entries({ isGlobal, globalGuard })) {
    if (value !== undefined && typeof value !== 'boolean') throw new AuthConfigError(name, 'must be true or false');
  }
  const basePath: unknown = typeof controllers === 'object' ? controllers?.basePath : controllers;
  if (basePath === undefined || typeof basePath === 'boolean') return;
  if (typeof controllers !== 'object' || typeof basePath !== 'string' || !routesPathPattern.test(basePath))
    throw new AuthConfigError('controllers', "must be true, false, or a path such as { basePath: '/auth' }");
}

export function checkEdge(oauth: OAuthEdge | undefined): void {
  if (oauth !== undefined && !Array.isArray(oauth?.providers))
    throw new AuthConfigError('oauth', 'must be oauthLogin() of nest-latchkey/passport');
}
