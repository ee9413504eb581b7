import { IsBoolean, IsIn, IsOptional, IsString, Matches } from 'class-validator';

/** 1 to 32 characters: it stands in paths and in rows. */
export const providerName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

/** What every provider has, whatever it speaks. */
export class BaseProviderOptions {
  /** Ours for it: in the path of its routes, and in `AuthGuard(name)`. */
  @Matches(providerName, {
    message: 'must be 1 to 32 letters, digits, - and _, beginning with a letter or a digit',
  })
  name!: string;

  /** More parameters of the authorization request, for example `{ prompt: 'login' }`. */
  authorizationParams: Readonly<Record<string, string>> = {};

  /** Where the answer comes back, of `publicUrl`. Default: `/login/<name>/authorized`. */
  @IsOptional()
  @IsString()
  redirectUri: string | undefined = undefined;

  /** Where its API lives: what a path of a request to it is relative to. */
  @IsOptional()
  @IsString()
  apiBaseUrl: string | undefined = undefined;

  /** Origins besides that of `apiBaseUrl` that get its tokens, such as `'https://uploads.example.com'`. Default none. */
  @IsString({ each: true })
  apiOrigins: readonly string[] = [];

  /** Is the e-mail address proved? As its claim says; whenever there is one; never. Default 'claim'. */
  @IsIn(['claim', 'always', 'never'], { message: "must be 'claim', 'always' or 'never'" })
  emailTrust: 'claim' | 'always' | 'never' = 'claim';

  /** Let the provider use plain http on this machine: for tests. Default false. */
  @IsBoolean()
  allowInsecureLoopback: boolean = false;
}
