import {
  ArrayNotEmpty,
  ArrayUnique,
  IsBoolean,
  IsIn,
  IsNotEmpty,
  IsOptional,
  IsString,
  Matches,
} from 'class-validator';
import { tokenLocations, type TokenLocation } from './token-location.js';

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The options `transport.header`. */
export class HeaderOptions {
  /** Default 'Authorization'. */
  @Matches(headerName, { message: 'must be a header name' })
  name: string = 'Authorization';

  /** Compared without case (RFC 9110 §11.1); null: the value is the bare token. Default 'Bearer'. */
  @IsOptional()
  @Matches(headerName, { message: 'must be one word, or null' })
  scheme: string | null = 'Bearer';

  /** Accept a comma-separated list with exactly one credential of the scheme. Default false. */
  @IsBoolean()
  list: boolean = false;
}

/** The options `transport.query`. */
export class QueryOptions {
  /** Default 'access_token' (RFC 6750 §2.3). */
  @IsString()
  @IsNotEmpty()
  name: string = 'access_token';

  /** The value must begin with this text, which is not part of the token. Default none. */
  @IsString()
  prefix: string = '';
}

/** The options `transport.body`: members of a JSON body. */
export class BodyOptions {
  /** Default 'access_token'. */
  @IsString()
  @IsNotEmpty()
  accessField: string = 'access_token';

  /** Read on routes that want a refresh token. Default 'refresh_token'. */
  @IsString()
  @IsNotEmpty()
  refreshField: string = 'refresh_token';
}

/** The options `transport`: where requests carry tokens. */
export class TransportOptions {
  /** In order of precedence; a route can choose others. Default ['header']. */
  @ArrayNotEmpty({ message: "is empty: name at least one of 'header', 'cookie', 'query', 'body'" })
  @ArrayUnique({ message: 'names a place twice' })
  @IsIn(tokenLocations, { each: true, message: "must be of 'header', 'cookie', 'query', 'body'" })
  locations: readonly TokenLocation[] = ['header'];

  header: HeaderOptions = new HeaderOptions();
  query: QueryOptions = new QueryOptions();
  body: BodyOptions = new BodyOptions();
}
