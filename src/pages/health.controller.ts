import { Controller, Get } from '@nestjs/common';
import { Public } from 'nest-latchkey';

@Controller()
export class HealthController {
  /** Liveness: the process answers. Says nothing about the database. */
  @Public()
  @Get('healthz')
  health() {
    return { status: 'ok' };
  }
}
