import { IsString, MaxLength } from 'class-validator';

/** Every form of a session. */
export class SessionFormDto {
  /** See `form-proof.ts`; checked before. */
  @IsString()
  proof!: string;
}

export class EndSessionDto extends SessionFormDto {
  /** Its id. */
  @IsString()
  @MaxLength(255)
  session!: string;
}

export class LinkDto extends SessionFormDto {
  @IsString()
  @MaxLength(255)
  provider!: string;
}

export class UnlinkDto extends LinkDto {
  /** The account at the provider. */
  @IsString()
  @MaxLength(255)
  subject!: string;
}
