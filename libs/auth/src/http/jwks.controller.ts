import { Controller, Get, Header, Inject, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { publicJwks, type JsonWebKeySet } from '../jwt/jwks.js';
import { KeyRing } from '../jwt/key-ring.js';
import { publishedFor } from '../keys/key-schedule.js';
import { Public } from '../resource/require-token.decorator.js';

/** Seconds: whoever keeps the set for so long knows the next key before it signs. */
const maxAge = publishedFor / 2 / 1000;

/** A controller of its own for each `forRoot()`: its path is an option. */
export function createJwksController(basePath: string): Type {
  @Public()
  @Controller({ version: VERSION_NEUTRAL })
  class JwksController {
    constructor(@Inject(KeyRing) private readonly keys: KeyRing) {}

    /** The public keys that verify this application's tokens (RFC 7517 §5); empty where it signs with a secret. */
    @Get([`${basePath}/jwt/jwks.json`, '/.well-known/jwks.json'])
    @Header('Cache-Control', `public, max-age=${maxAge}, must-revalidate`)
    jwks(): JsonWebKeySet {
      return publicJwks(this.keys);
    }
  }
  return JwksController;
}
