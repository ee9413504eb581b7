import { IsIn } from 'class-validator';

/** How identities come to users who were there before. */
export class LinkingOptions {
  /**
   * `explicit`: whoever is logged in links them. `verified-email`: a log-in does so too, where the provider is trusted to know
   * that an address is the user's (`emailTrust`), and `hooks.userOfEmail` says that a user here has proved the same one. Default
   * `explicit`.
   */
  @IsIn(['explicit', 'verified-email'])
  mode: 'explicit' | 'verified-email' = 'explicit';
}
