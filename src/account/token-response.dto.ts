import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** The answer of sign-up and log-in to a client that keeps its tokens itself, for the OpenAPI document (RFC 6749 §5.1). */
export class TokenResponse {
  @ApiProperty()
  access_token!: string;

  @ApiProperty({ enum: ['Bearer'] })
  token_type!: string;

  @ApiProperty({ description: 'Lifetime of the access token, in seconds', example: 900 })
  expires_in!: number;

  @ApiProperty()
  refresh_token!: string;

  @ApiPropertyOptional({ description: 'Left out when there is none', example: 'admin' })
  scope?: string;
}
