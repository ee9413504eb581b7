import { Controller, Get, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { AuthHealth, AuthModule, Public } from 'nest-latchkey';

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly auth: AuthHealth,
  ) {}

  @Public()
  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.indicators.check('auth').attempt(() => this.auth.check())]);
  }
}

@Module({
  imports: [
    AuthModule.forRoot({ jwt: { issuer: 'https://api.example.com', secret: process.env['AUTH_SECRET']! } }),
    TerminusModule,
  ],
  controllers: [HealthController],
})
export class HealthModule {}
