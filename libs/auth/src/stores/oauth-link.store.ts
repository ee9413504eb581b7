/**
 * Whom a provider knows. All three make the key: subjects of two issuers can be equal, and two providers of one issuer can
 * take their subjects from different fields.
 */
export interface OAuthLinkKey {
  /** Its name in the options. At most 64 characters. */
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
}

/** An identity at a provider that logs in a user of the application. Times are epoch milliseconds of the application's clock. */
export interface OAuthLink extends OAuthLinkKey {
  /** The subject of the user's tokens. */
  readonly user: string;
  readonly linkedAt: number;
}

/** Which identities log in whom. An identity has one user at most; a user can have any number of identities. */
export abstract class OAuthLinkStore {
  /** The user whom the identity logs in. */
  abstract ownerOf(key: OAuthLinkKey): Promise<string | undefined>;

  /**
   * Link an identity that nobody has, by one conditional insert. One that somebody has stays theirs.
   *
   * @returns who has it now. Of any number of calls for one identity, in any number of processes, one gets `isNew`, and all
   *   get the same owner.
   */
  abstract link(link: OAuthLink): Promise<{ owner: string; isNew: boolean }>;

  /** The identities of a user, the oldest link first. */
  abstract list(user: string): Promise<OAuthLink[]>;

  /**
   * Take an identity from the user who has it, by one conditional statement.
   *
   * @param options `keepLast`: not if it is the user's last one. Of any number of calls for one user's identities, in any
   *   number of processes, one then leaves its identity linked.
   * @returns was this the call that took it?
   */
  abstract unlink(user: string, key: OAuthLinkKey, options: { keepLast: boolean }): Promise<boolean>;
}
