import type { Type } from '@nestjs/common';

/** What is measured, by name. Each is imported only by the process that serves it. */
export const variants = {
  unguarded: async () => (await import('./variants/unguarded.js')).UnguardedModule,
  latchkey: async () => (await import('./variants/latchkey.js')).LatchkeyModule,
  'open guard': async () => (await import('./variants/least.js')).openGuard(),
  'bare HMAC': async () => (await import('./variants/least.js')).bareGuard(),
  'passport documented': async () => (await import('./variants/passport.js')).documented(),
  'passport KeyObject': async () => (await import('./variants/passport.js')).withKeyObject(),
  jose: async () => (await import('./variants/jose.js')).JoseModule,
  'fast-jwt': async () => (await import('./variants/fast-jwt.js')).withoutCache(),
  'fast-jwt cached': async () => (await import('./variants/fast-jwt.js')).withCache(),
} satisfies Record<string, () => Promise<Type>>;

export type Variant = keyof typeof variants;
export type Adapter = 'express' | 'fastify';
