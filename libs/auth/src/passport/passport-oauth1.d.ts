/** The package has no types of its own, and nobody else gives it any. */
declare module 'passport-oauth1' {
  import type { Strategy as PassportStrategy } from 'passport';

  interface StrategyOptions {
    requestTokenURL: string;
    accessTokenURL: string;
    userAuthorizationURL: string;
    consumerKey: string;
    consumerSecret: string;
  }

  /** What of it is used. */
  export class Strategy extends PassportStrategy {
    constructor(options: StrategyOptions, verify: () => void);
  }
}
