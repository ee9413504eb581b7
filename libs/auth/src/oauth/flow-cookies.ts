import { createHash } from 'node:crypto';
import type { Sealer } from '../auth.sealer.js';
import { flowLifetime, type Flow } from './flow.js';
import type { OAuthCookie } from './oauth-transport.js';

/** More tabs than that at once, and the oldest begins again: the cookies have to fit into a request's headers. */
const mostFlows = 5;
const finishedName = 'oauth_finished';

/** What a store may know of a state. */
export function stateHash(state: string): string {
  return createHash('sha256').update(state).digest('base64url');
}

/** What remains of a log-in that succeeded: where a second visit of its answer goes (the back button, a double click). */
export interface FinishedFlow {
  /** The hash of its state. */
  readonly id: string;
  readonly provider: string;
  readonly returnTo: string;
  /** When it ended, in epoch milliseconds. */
  readonly at: number;
}

/**
 * Flows as a browser keeps them: each in a cookie of its own, so that tabs do not disturb each other, and encrypted, so that
 * nobody but us can make or read one. The name comes of the state: the answer finds its own flow.
 */
export class FlowCookies {
  constructor(private readonly sealer: Sealer) {}

  seal(flow: Flow, crossSite: boolean): OAuthCookie {
    const name = flowCookieName(flow.state);
    return {
      name,
      value: this.sealer.seal(JSON.stringify(flow), ['oauth-flow', name]),
      maxAge: flowLifetime,
      crossSite,
    };
  }

  /** The flow that this browser began with the state; undefined when it began none. It opens under the name of its own state alone. */
  open(state: string, cookies: ReadonlyMap<string, string>): Flow | undefined {
    const name = flowCookieName(state);
    return this.read(cookies.get(name), ['oauth-flow', name]) as Flow | undefined;
  }

  /** The flows that have to go when one more begins. @param cookies the oldest first. */
  superfluous(cookies: ReadonlyMap<string, string>): string[] {
    // an application may have cookies that begin like ours
    const flows = [...cookies.keys()].filter((name) => /^oauth_[\w-]{22}$/.test(name));
    return flows.slice(0, Math.max(0, flows.length + 1 - mostFlows));
  }

  sealFinished(finished: FinishedFlow, crossSite: boolean): OAuthCookie {
    const value = this.sealer.seal(JSON.stringify(finished), [finishedName]);
    return { name: finishedName, value, maxAge: flowLifetime, crossSite };
  }

  /** The last log-in that succeeded in this browser. */
  finished(cookies: ReadonlyMap<string, string>): FinishedFlow | undefined {
    return this.read(cookies.get(finishedName), [finishedName]) as FinishedFlow | undefined;
  }

  /** A cookie of an older key, or of somebody else's making, is none. */
  private read(sealed: string | undefined, place: string[]): unknown {
    if (sealed === undefined) return undefined;
    try {
      return JSON.parse(this.sealer.open(sealed, place));
    } catch {
      return undefined;
    }
  }
}

/** Says nothing of the state. */
export function flowCookieName(state: string): string {
  return `oauth_${stateHash(state).slice(0, 22)}`;
}
