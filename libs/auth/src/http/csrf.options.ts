import { IsArray, IsBoolean, IsOptional, IsString, Matches } from 'class-validator';

/** The names of one kind of anti-CSRF value. */
export class CsrfNames {
  /** The cookie scripts read the value from. Default `csrf_access_token` or `csrf_refresh_token`, with the token cookies' prefix. */
  @IsOptional()
  @Matches(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { message: 'must be a cookie name' })
  cookieName?: string;

  /** Default '/': scripts of every page can read it. */
  @Matches(/^\/[\x21-\x3a\x3c-\x7e]*$/, { message: "must be a path such as '/'" })
  cookiePath: string = '/';

  /** Default 'X-CSRF-TOKEN'. */
  @Matches(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { message: 'must be a header name' })
  headerName: string = 'X-CSRF-TOKEN';

  /** Default 'csrf_token'. */
  @IsString()
  fieldName: string = 'csrf_token';
}

/** The options `csrf`: the proof that a request with a token cookie was meant. */
export class CsrfOptions {
  /** Default true. */
  @IsBoolean()
  enabled: boolean = true;

  /** Set a cookie that scripts can read the value from. Default true; else hand it out by `AuthService.csrfTokenOf()`. */
  @IsBoolean()
  cookie: boolean = true;

  /** Read the value from a form field too, when the header is absent. Default false. */
  @IsBoolean()
  form: boolean = false;

  /** Methods that need the proof. Default POST, PUT, PATCH, DELETE. */
  @IsArray()
  @Matches(/^[A-Z]+$/, { each: true, message: "must be methods in upper case, for example ['POST']" })
  methods: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE'];

  /** Other origins whose pages may send such requests, for example 'https://app.example.com'. Default none. */
  @IsArray()
  @IsString({ each: true })
  trustedOrigins: readonly string[] = [];

  access: CsrfNames = new CsrfNames();
  refresh: CsrfNames = new CsrfNames();
}
