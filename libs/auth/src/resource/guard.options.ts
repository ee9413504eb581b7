import { IsArray, IsOptional, Matches } from 'class-validator';

/** The options `guard`. */
export class GuardOptions {
  /**
   * Methods that need no token on any guarded route. Default none: an `@All()` handler would stand open to OPTIONS, and CORS
   * answers preflights before guards. Flask-JWT-Extended exempts OPTIONS.
   */
  @IsArray()
  @Matches(/^[A-Z]+$/, { each: true, message: "must be methods in upper case, for example ['OPTIONS']" })
  exemptMethods: readonly string[] = [];

  /** The realm of the challenge (RFC 9110 §11.5). Default: the issuer. */
  @IsOptional()
  @Matches(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, { message: 'must be printable ASCII without quotes and backslashes' })
  realm?: string;
}
