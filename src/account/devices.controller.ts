import { Controller, Delete, Get, HttpCode, NotFoundException, Param } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import { AuthService, CurrentToken, RequireToken, Token } from 'nest-latchkey';
import { Device, EndedDevices } from './device.dto.js';

/** Where the user is logged in: one session for each device. */
@RequireToken()
@Controller('account/sessions')
export class DevicesController {
  constructor(private readonly auth: AuthService) {}

  @Get()
  @ApiOkResponse({ type: [Device] })
  async list(@CurrentToken() { sub, sid }: Token): Promise<Device[]> {
    const sessions = await this.auth.listSessions({ subject: sub });
    return sessions.map(({ id, device, address, createdAt, lastUsedAt }) => {
      return { id, device, address, createdAt, lastUsedAt, current: id === sid };
    });
  }

  /** One of one's own; another user's is as unknown as one that is not there. */
  @Delete(':id')
  @HttpCode(204)
  async end(@Param('id') id: string, @CurrentToken('sub') sub: string): Promise<void> {
    const session = await this.auth.getSession(id);
    if (session?.subject !== sub) throw new NotFoundException('There is no such session');
    await this.auth.revokeSession(id);
  }

  /** All but the one that asks. */
  @Delete()
  @ApiOkResponse({ type: EndedDevices })
  async endOthers(@CurrentToken() { sub, sid }: Token): Promise<EndedDevices> {
    const ended = await this.auth.revokeSessions({ subject: sub, ...(sid !== undefined && { except: sid }) });
    return { ended: ended.length };
  }
}
