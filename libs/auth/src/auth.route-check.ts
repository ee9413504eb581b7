import { Inject, Injectable, type Type } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { AuthConfigError } from './auth.errors.js';
import type { FetchedClaim } from './jwt/session-claim.options.js';
import { isSessionFactory } from './resource/current-session.decorator.js';
import { isDecisionFactory, isUserFactory } from './resource/current-token.decorator.js';
import { declaredRequirement } from './resource/route-requirement.js';
import { isOpen, routeTable, type RouteEntry } from './resource/route-table.js';
import { requestValues, type TokenRequirement } from './resource/token-requirement.js';

/** What the module can do, for the check that no route asks more. */
export interface RouteCapabilities {
  readonly issuers: readonly string[];
  /** `jwt.subjectClaim`. */
  readonly subjectClaim: string;
  readonly withCookies: boolean;
  readonly hasStore: boolean;
  readonly hasUsers: boolean;
  /** `session.claims`. */
  readonly sessionClaims: readonly FetchedClaim[];
}

/** Looks at every route before the application listens: what cannot hold at run time stops the boot. */
@Injectable()
export class RouteCheck {
  constructor(
    @Inject(ApplicationConfig) private readonly application: ApplicationConfig,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** @throws AuthConfigError naming the route, the option and the mend. */
  check(capabilities: RouteCapabilities): void {
    const { application, modules } = this;
    for (const route of routeTable({ application, modules })) new Route(route).check(capabilities);
  }

  /** @throws AuthConfigError when the module is configured twice: two sets of keys would guard one application. */
  checkSingle(module: Type): void {
    const found = [...this.modules.values()].filter(({ metatype }) => metatype === module);
    if (found.length > 1)
      throw new AuthConfigError('AuthModule', 'is configured twice: call forRoot() once, in the root module');
  }
}

/** One route, and what its decorators ask. */
class Route {
  constructor(private readonly entry: RouteEntry) {}

  check(capabilities: RouteCapabilities): void {
    const requirement = declaredRequirement(this.entry.handler, this.entry.controller);
    // all of them, in one text
    const path = this.entry.paths.join(' ');
    this.checkArguments(requirement, capabilities);
    if (requirement === undefined || requirement === 'public') return;
    for (const { source, name } of requestValues(requirement)) {
      const isKnown = new RegExp(`[:*]${name.replace(/\W/g, '')}(?![A-Za-z0-9_])`).test(path);
      if (source === 'param' && !isKnown) this.fail(`param('${name}')`, `the path ${path} has no :${name}`);
    }
    this.checkCapabilities(requirement, capabilities);
  }

  private checkCapabilities(
    requirement: TokenRequirement,
    { issuers, withCookies, hasStore, subjectClaim, sessionClaims }: RouteCapabilities,
  ): void {
    const { issuer, revocation, locations, cookie, session } = requirement;
    if (issuer !== undefined && !issuers.includes(issuer))
      this.fail('issuer', 'the module trusts no such issuer: add it to jwt.trustedIssuers');
    if (subjectClaim !== 'sub' && Object.hasOwn(requirement.claims ?? {}, 'sub'))
      this.fail('sub', `the subject is the claim ${subjectClaim} here: ask claims: { ${subjectClaim}: … }`);
    for (const { claim } of session?.claims ?? []) {
      if (!sessionClaims.includes(claim))
        this.fail('session.claims', `nobody fetches the claim ${claim.key}: add it to session.claims of the module`);
    }
    if (revocation === 'store' && !hasStore) this.fail("revocation: 'store'", 'the module has noStores()');
    if (!withCookies && (cookie !== undefined || locations?.includes('cookie') === true)) {
      this.fail('locations', 'the module issues no tokens for cookies: set `cookies: {}` in forRoot()');
    }
  }

  private checkArguments(requirement: unknown, { hasUsers }: RouteCapabilities): void {
    const factories = this.entry.arguments.map(({ factory }) => factory);
    if (factories.some(isDecisionFactory) && isOpen(this.entry))
      this.fail('@CurrentToken()', 'the route has no @RequireToken() that could fill it');
    const ofSession = (requirement as TokenRequirement | undefined)?.session !== undefined;
    if (factories.some(isSessionFactory) && !ofSession)
      this.fail(
        '@CurrentSession()',
        'the route takes tokens of no session too: write @RequireToken({ session: true })',
      );
    if (factories.some(isUserFactory) && !hasUsers)
      this.fail('@CurrentUser()', 'write hooks.loadUser, which finds the user of a token');
  }

  private fail(what: string, problem: string): never {
    throw new AuthConfigError(`${this.entry.controller.name}.${this.entry.name}`, `${what}: ${problem}`);
  }
}
