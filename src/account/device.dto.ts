import { ApiProperty } from '@nestjs/swagger';

/** A session as its user sees it. */
export class Device {
  @ApiProperty()
  id!: string;

  @ApiProperty({ type: String, nullable: true, description: 'What the client called itself at the log-in, unchecked' })
  device!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The network it logged in from',
    example: '203.0.113.0/24',
  })
  network!: string | null;

  @ApiProperty()
  createdAt!: Date;

  @ApiProperty({ description: 'At most the lifetime of an access token behind' })
  lastUsedAt!: Date;

  @ApiProperty({ description: 'The one that asks' })
  current!: boolean;
}

export class EndedDevices {
  @ApiProperty({ description: 'How many sessions were ended' })
  ended!: number;
}
