import { ForbiddenException, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RequestSession } from 'nest-latchkey';
import { FormProof } from './form-proof.js';

/** Stands behind `@RequireToken()`: the form is of a page that this very session was shown. */
@Injectable()
export class FormProofGuard implements CanActivate {
  constructor(private readonly proof: FormProof) {}

  canActivate(context: ExecutionContext): boolean {
    const { body } = context.switchToHttp().getRequest<{ body?: { proof?: unknown } | null }>();
    if (this.proof.isOf(new RequestSession(context).id, body?.proof)) return true;
    throw new ForbiddenException('This form is not of your current log-in: open the page anew, and try again');
  }
}
