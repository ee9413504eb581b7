import type { Provider } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import type { OAuthFlowStore } from './stores/oauth-flow.store.js';
import type { OAuthGrantStore } from './stores/oauth-grant.store.js';
import type { OAuthLinkStore } from './stores/oauth-link.store.js';
import type { RevocationStore } from './stores/revocation.store.js';
import type { SessionStore } from './stores/session.store.js';
import type { SigningKeyStore } from './stores/signing-key.store.js';

/** The injection token of the checked options. */
export const AUTH_SETTINGS = Symbol.for('nest-latchkey:settings');
/** The injection token of the path below which the module's own routes were made; null when it has none. */
export const ROUTES_PATH = Symbol.for('nest-latchkey:routes-path');
/** The injection token of the stores that the options chose. */
export const STORES = Symbol.for('nest-latchkey:stores');

export type Stores = {
  revocations: RevocationStore | undefined;
  sessions: SessionStore;
  signingKeys: SigningKeyStore | undefined;
  oauthFlows: OAuthFlowStore | undefined;
  oauthLinks: OAuthLinkStore | undefined;
  oauthGrants: OAuthGrantStore | undefined;
};

/** A provider made of others. */
export function make(provide: unknown, inject: unknown[], useFactory: (...parts: never[]) => unknown): Provider {
  return { provide, inject, useFactory } as Provider;
}

/** As a browser asks for it: below the prefix that the application gives to all its routes but some, once it is made. */
export function routesPath(application: ApplicationConfig, path: string): string {
  const prefix = application.getGlobalPrefix().replace(/^\/|\/$/g, '');
  const { exclude = [] } = application.getGlobalPrefixOptions();
  const isBelow = prefix !== '' && !exclude.some(({ pathRegex }) => pathRegex.test(path));
  return isBelow ? `/${prefix}${path}` : path;
}
