import { Injectable, Module, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { secret, secretKey } from '../tokens.js';
import { peerController, requestOf, requireAdmin, type Claims } from './peer.controller.js';

@Injectable()
class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return requireAdmin(requestOf(context).user);
  }
}

/** `@nestjs/passport` with `passport-jwt`, as the chapter on authentication of the NestJS documentation sets it up. */
function passportModule(secretOrKey: string): Type {
  @Injectable()
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), ignoreExpiration: false, secretOrKey });
    }

    validate(payload: Claims): Claims {
      return payload;
    }
  }

  @Module({
    imports: [PassportModule],
    providers: [JwtStrategy],
    controllers: [peerController(AuthGuard('jwt'), AdminGuard)],
  })
  class PassportJwtModule {}
  return PassportJwtModule;
}

/** The secret as text, which the documentation shows. */
export const documented = (): Type => passportModule(secret);

/** The same secret as a KeyObject; the types of passport-jwt know only text and bytes, jsonwebtoken below takes it. */
export const withKeyObject = (): Type => passportModule(secretKey as unknown as string);
