import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../auth.clock.js';
import type { LoopbackUser } from '../loopback.options.js';

/** What somebody consented to: every code and token of it dies with it. */
export interface Grant {
  readonly user: LoopbackUser;
  readonly clientId: string;
  /** The client stands for itself, and `user` names it. */
  readonly isOfClient?: boolean;
  readonly scope: readonly string[];
  /** Epoch seconds. */
  readonly authTime: number;
  alive: boolean;
}

/** A code, and what its exchange must agree with. */
export interface IssuedCode {
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  used: boolean;
}

export interface IssuedAccess {
  readonly grant: Grant;
  readonly scope: readonly string[];
  readonly expiresAt: number;
  alive: boolean;
}

export interface IssuedRefresh {
  readonly grant: Grant;
  used: boolean;
}

/** Seconds (RFC 6749 §4.1.2 allows ten minutes at most). */
const codeLifetime = 60;

/** Everything that the provider has given out. */
export class Grants {
  readonly codes = new Map<string, IssuedCode>();
  readonly accessTokens = new Map<string, IssuedAccess>();
  readonly refreshTokens = new Map<string, IssuedRefresh>();

  constructor(
    private readonly clock: () => Clock,
    readonly accessTokenLifetime: number,
  ) {}

  issueCode(code: Omit<IssuedCode, 'expiresAt' | 'used'>): string {
    const text = newToken();
    this.codes.set(text, { ...code, expiresAt: this.later(codeLifetime), used: false });
    return text;
  }

  issueAccess(grant: Grant, scope: readonly string[]): string {
    const text = newToken();
    this.accessTokens.set(text, { grant, scope, expiresAt: this.later(this.accessTokenLifetime), alive: true });
    return text;
  }

  issueRefresh(grant: Grant): string {
    const text = newToken();
    this.refreshTokens.set(text, { grant, used: false });
    return text;
  }

  /** Undefined for one that is unknown, revoked or expired. */
  findAccess(token: string): IssuedAccess | undefined {
    const access = this.accessTokens.get(token);
    return access?.alive === true && access.grant.alive && this.now() < access.expiresAt ? access : undefined;
  }

  /** Every grant, as when people take their consent back at the provider. */
  end(): void {
    for (const { grant } of [...this.accessTokens.values(), ...this.refreshTokens.values(), ...this.codes.values()])
      grant.alive = false;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.clock().now();
  }

  private later(seconds: number): number {
    return this.now() + seconds * 1000;
  }
}

export function newToken(): string {
  return randomBytes(24).toString('base64url');
}
