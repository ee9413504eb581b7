import { Injectable, Module, UnauthorizedException } from '@nestjs/common';
import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import { createVerifier } from 'fast-jwt';
import { issuer, secret } from '../tokens.js';
import { peerController, requestOf, requireAdmin, type Claims } from './peer.controller.js';

/** A guard by hand on fast-jwt. */
function fastJwtModule(cache: boolean | number): Type {
  const verifier = createVerifier({
    key: secret,
    algorithms: ['HS256'],
    allowedIss: issuer,
    allowedAud: issuer,
    cache,
  });

  @Injectable()
  class FastJwtGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      const request = requestOf(context);
      const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
      if (scheme !== 'Bearer' || token === undefined) throw new UnauthorizedException();
      request.user = this.verify(token);
      return requireAdmin(request.user);
    }

    private verify(token: string): Claims {
      try {
        return verifier(token) as Claims;
      } catch {
        throw new UnauthorizedException();
      }
    }
  }

  @Module({ controllers: [peerController(FastJwtGuard)] })
  class FastJwtModule {}
  return FastJwtModule;
}

export const withoutCache = (): Type => fastJwtModule(false);

/** As many entries as Latchkey's cache holds. */
export const withCache = (): Type => fastJwtModule(10_000);
