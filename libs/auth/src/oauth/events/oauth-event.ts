import type { AuthError } from '../../auth.errors.js';
import type { OAuthPhase } from '../../auth.events.js';
import type { JsonValue } from '../../jwt/claims.js';
import type { OAuthLogin, OAuthTokens } from '../oauth-login.js';

/** What a handler may know of a log-in that is on its way. */
export interface OAuthFlowInfo {
  /** Where the browser wants to end: a path of our own, or a URL that `returnTo` allows. */
  readonly returnTo: string;
  /** What `remember()` took at the start; empty without. */
  readonly data: Readonly<Record<string, JsonValue>>;
}

/** What an event is made of: what its teller knows. */
export interface OAuthEventParts {
  /** The name of the provider. */
  readonly provider: string;
  readonly flow?: OAuthFlowInfo;
  readonly login?: OAuthLogin;
  readonly tokens?: OAuthTokens;
  readonly scope?: readonly string[];
  readonly requestedScope?: readonly string[];
  readonly user?: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly request?: object;
}

/** What handlers of all events get. A member is undefined where it makes no sense for the event. */
export class OAuthEvent {
  /** The name of the provider. */
  readonly provider: string;
  readonly flow: OAuthFlowInfo | undefined;
  readonly login: OAuthLogin | undefined;
  /** What is granted now; at the start of a log-in, what is asked for. */
  readonly scope: readonly string[] | undefined;
  /** What was asked for. */
  readonly requestedScope: readonly string[] | undefined;
  /** The user's subject in sessions (`sub`). */
  readonly user: string | undefined;
  /** With `subject`: whose account at the provider. */
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  /** Not enumerable: what prints the event prints no token. */
  declare readonly tokens: OAuthTokens | undefined;
  /** As the HTTP adapter gives it. Not enumerable: it has cookies, and the code of the answer. */
  declare readonly request: object | undefined;

  constructor({ login, tokens = login?.tokens, request, ...parts }: OAuthEventParts) {
    this.provider = parts.provider;
    this.flow = parts.flow;
    this.login = login;
    this.scope = parts.scope ?? login?.grantedScope;
    this.requestedScope = parts.requestedScope ?? login?.requestedScope;
    this.user = parts.user;
    this.issuer = parts.issuer ?? login?.identity.issuer;
    this.subject = parts.subject ?? login?.identity.subject;
    Object.defineProperty(this, 'tokens', { value: tokens, enumerable: false });
    Object.defineProperty(this, 'request', { value: request, enumerable: false });
  }
}

/** Before the browser is sent to the provider. */
export class OAuthBeforeLoginEvent extends OAuthEvent {
  declare readonly flow: OAuthFlowInfo;
  /**
   * Where the browser will be sent. It cannot be changed here: `authorizationParams` of the provider add parameters. Not
   * enumerable, because it holds the state.
   */
  declare readonly url: string;

  constructor(
    parts: OAuthEventParts & { flow: OAuthFlowInfo },
    url: string,
    /**
     * Keep data of your own until the provider has answered: handlers read it in `flow.data`. It lies encrypted in the
     * browser, so it has to be small: 256 bytes of JSON in all. Given twice, members are added.
     *
     * @throws AuthError `invalid_argument` for what is no JSON, or too much.
     */
    readonly remember: (data: Readonly<Record<string, JsonValue>>) => void,
  ) {
    super(parts);
    Object.defineProperty(this, 'url', { value: url, enumerable: false });
    Object.defineProperty(this, 'remember', { enumerable: false });
  }
}

/** After every check, and before anything is done: nobody is looked up, logged in, linked or stored yet. */
export class OAuthAuthorizedEvent extends OAuthEvent {
  declare readonly flow: OAuthFlowInfo;
  declare readonly login: OAuthLogin;
  declare readonly tokens: OAuthTokens;
}

/** What is known of a failure, in one shape for OAuth 1 and OAuth 2. */
export interface OAuthErrorParts {
  /** The provider's word where it gave one, for example `access_denied` (RFC 6749 §4.1.2.1, §5.2), else the code of `cause`. */
  readonly code: string;
  /** The provider's text: at most 256 characters, and none that HTML would interpret. Treat it as untrusted. */
  readonly description: string | undefined;
  /** A page of the provider about it: http or https. */
  readonly uri: string | undefined;
  readonly phase: OAuthPhase;
  /** The status of the provider's answer. */
  readonly httpStatus: number | undefined;
  /** How the browser is refused when no handler answers. */
  readonly cause: AuthError;
}

/** A log-in that began here failed before anybody was logged in. An answer that no log-in waits for makes no event. */
export class OAuthErrorEvent extends OAuthEvent implements OAuthErrorParts {
  readonly code: string;
  readonly description: string | undefined;
  readonly uri: string | undefined;
  readonly phase: OAuthPhase;
  readonly httpStatus: number | undefined;
  /** Not enumerable. */
  declare readonly cause: AuthError;

  constructor(parts: OAuthEventParts & OAuthErrorParts) {
    super(parts);
    this.code = parts.code;
    this.description = parts.description;
    this.uri = parts.uri;
    this.phase = parts.phase;
    this.httpStatus = parts.httpStatus;
    Object.defineProperty(this, 'cause', { value: parts.cause, enumerable: false });
  }
}

/** Events whose handlers decide, with what they hear. */
export interface OAuthQuestions {
  beforeLogin: OAuthBeforeLoginEvent;
  authorized: OAuthAuthorizedEvent;
  error: OAuthErrorEvent;
}

/** Events that tell what has happened, with what their handlers hear. */
export interface OAuthNews {
  /** An identity now belongs to a user: `user`, `issuer`, `subject`, `login`. */
  linked: OAuthEvent;
  /** It does no longer. */
  unlinked: OAuthEvent;
  /** A stored grant has a new access token: `user`, `subject`, `tokens`, `scope`. */
  refreshed: OAuthEvent;
  /** A stored grant is dead: the user has to consent again. Once a grant. */
  reauthRequired: OAuthEvent;
  /** The provider grants less than a log-in asked for (`requestedScope`), or another scope than before. */
  scopeChanged: OAuthEvent;
}

export type OAuthEventName = keyof (OAuthQuestions & OAuthNews);

/** What handlers hear, by the name of the event. */
export type OAuthEventOf<Name extends OAuthEventName> = (OAuthQuestions & OAuthNews)[Name];
