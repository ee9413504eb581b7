import {
  Controller,
  ForbiddenException,
  Get,
  Req,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';

/** The claims as every peer leaves them on the request. */
export interface Claims {
  readonly sub: string;
  readonly scope?: { readonly admin?: boolean };
}

export interface PeerRequest {
  readonly headers: { readonly authorization?: string };
  user: Claims;
}

export function requestOf(context: ExecutionContext): PeerRequest {
  return context.switchToHttp().getRequest<PeerRequest>();
}

/** The route of a peer: the same answer, behind `guards`, read from `request.user` as its users do. */
export function peerController(...guards: readonly Type<CanActivate>[]): Type {
  @Controller('notes')
  class NotesController {
    @UseGuards(...guards)
    @Get()
    list(@Req() request: PeerRequest): { sub: string } {
      return { sub: request.user.sub };
    }
  }
  return NotesController;
}

/** The cheapest check of the scope that does the work: no metadata, no reflector. */
export function requireAdmin(claims: Claims): true {
  if (claims.scope?.admin !== true) throw new ForbiddenException();
  return true;
}
