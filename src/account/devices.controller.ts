import { Controller, Delete, Get, HttpCode, Param } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { AuthService, CurrentSession, RequestSession, RequireToken } from 'nest-latchkey';
import { Device, EndedDevices } from './device.dto.js';
import { Devices } from './devices.js';

/** Where the user is logged in: one session for each device. */
@RequireToken({ session: true })
@Controller('account/sessions')
export class DevicesController {
  constructor(
    private readonly auth: AuthService,
    private readonly devices: Devices,
  ) {}

  @Get()
  @ApiOkResponse({ type: [Device] })
  async list(@CurrentSession() current: RequestSession): Promise<Device[]> {
    const sessions = await this.auth.listSessions({ subject: current.subject });
    return sessions.map(({ id, device, network, createdAt, lastUsedAt }) => {
      return { id, device, network, createdAt, lastUsedAt, current: id === current.id };
    });
  }

  /** One of one's own; another user's is as unknown as one that is not there. */
  @Delete(':id')
  @HttpCode(204)
  end(@Param('id') id: string, @CurrentSession('subject') subject: string): Promise<void> {
    return this.devices.end(id, subject);
  }

  /** All but the one that asks. */
  @Delete()
  @ApiOkResponse({ type: EndedDevices })
  async endOthers(@CurrentSession() current: RequestSession): Promise<EndedDevices> {
    return { ended: await this.devices.endOthers(current) };
  }
}
