import { applyDecorators, Post, UseGuards } from '@nestjs/common';
import { RequireToken } from 'nest-latchkey';
import { FormProofGuard } from './form-proof.guard.js';
import { SameOriginGuard } from './same-origin.guard.js';

/**
 * A route that a form of the account page posts to. A form cannot send the header that stands for the session's own proof
 * (`csrf: false`): in its place the form says where it comes from, and what only a page of the session knows.
 */
export const SessionForm = (path: string, { allowExpired = false } = {}): MethodDecorator =>
  applyDecorators(
    Post(path),
    // in this order
    UseGuards(SameOriginGuard),
    RequireToken({ session: true, csrf: false, allowExpired }),
    UseGuards(FormProofGuard),
  );
