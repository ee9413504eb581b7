import { ApiProperty } from '@nestjs/swagger';

export class AuthorizationUrl {
  @ApiProperty({ description: 'Where to send the browser: a page of the provider' })
  authorizationUrl!: string;
}
