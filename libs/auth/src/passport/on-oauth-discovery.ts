import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { AuthConfigError } from '../auth.errors.js';
import { OAuthListeners, type OAuthListener } from '../oauth/events/oauth-listeners.js';
import { OAuthService } from '../oauth/oauth.service.js';
import { handlingsOf, type OAuthHandling } from './on-oauth.decorators.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
type Methods = Record<string, (event: never) => unknown>;

interface Found extends OAuthHandling {
  readonly wrapper: Wrapper;
  readonly method: string;
  /** For messages. */
  readonly name: string;
}

/** Finds the methods with `@OnOAuth…()` before the application listens. */
@Injectable()
export class OAuthHandlerDiscovery implements OnModuleInit {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(OAuthService) private readonly oauth: OAuthService,
    @Inject(OAuthListeners) private readonly listeners: OAuthListeners,
  ) {}

  /** @throws AuthConfigError naming the method and the mend. */
  onModuleInit(): void {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    const found = onePerInstance(wrappers).flatMap(handlingsIn);
    for (const one of found) this.check(one);
    for (const one of found.toSorted((a, b) => a.order - b.order)) this.listeners.add(listenerOf(one));
  }

  private check({ wrapper, name, provider }: Found): void {
    // one instance a request, or one for each that injects it: nothing tells which is meant
    if (!wrapper.isDependencyTreeStatic() || wrapper.isTransient)
      throw new AuthConfigError(name, 'handlers of OAuth events need a class of which Nest makes one: scope DEFAULT');
    const names = this.oauth.providers;
    if (provider !== undefined && !names.includes(provider))
      throw new AuthConfigError(name, `hears of a provider that is none of oauth.providers: ${names.join(', ')}`);
  }
}

/** An alias (`useExisting`) would hear everything twice. */
function onePerInstance(wrappers: readonly Wrapper[]): Wrapper[] {
  const objects = wrappers.filter(({ instance }) => typeof instance === 'object' && instance !== null);
  return [
    ...new Map(objects.toReversed().map((wrapper) => [wrapper.instance as object, wrapper])).values(),
  ].toReversed();
}

function handlingsIn(wrapper: Wrapper): Found[] {
  const prototype = Object.getPrototypeOf(wrapper.instance) as object | null;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((method) => {
    const name = `${prototype!.constructor.name}.${method}`;
    return handlingsOf(prototype!, method).map((one) => ({ ...one, wrapper, method, name }));
  });
}

function listenerOf({ wrapper, method, event, provider, name }: Found): OAuthListener {
  const methods = wrapper.instance as Methods;
  return { event, provider, name, handle: (payload) => methods[method]!(payload as never) };
}
