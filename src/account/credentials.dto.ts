import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, Matches, MaxLength } from 'class-validator';
import { usernamePattern } from '../users/username.js';

/** What a new user has to choose. */
export class SignUpDto {
  @ApiProperty({ pattern: usernamePattern.source, example: 'alice' })
  @Matches(usernamePattern, {
    message: 'username must be 1 to 64 of a-z, 0-9, dot, underscore and hyphen, beginning with a letter or a digit',
  })
  username!: string;

  @ApiProperty({ minLength: 8, maxLength: 256, format: 'password', example: 'correct horse battery' })
  @IsString()
  @Length(8, 256)
  password!: string;
}

/** What a user types to log in. A name or password that could not exist is simply wrong, so only the size is checked. */
export class LogInDto {
  @ApiProperty({ maxLength: 256, example: 'alice' })
  @IsString()
  @MaxLength(256)
  username!: string;

  @ApiProperty({ maxLength: 256, format: 'password', example: 'correct horse battery' })
  @IsString()
  @MaxLength(256)
  password!: string;
}
