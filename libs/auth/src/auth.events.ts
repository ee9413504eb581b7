/** Every event Latchkey emits, with its payload. Payloads name tokens by `jti` and `sid`, never by their text. */
export interface AuthEvents {
  /** A refresh token was presented a second time: its family is revoked. At most one event a family. */
  'refresh.reused': { subject: string; sid: string; jti: string; at: number };
  /** A token, a family or all tokens of a subject were revoked. */
  revoked: { kind: 'jti' | 'sid' | 'sub'; id: string; at: number };
}

export type AuthEventName = keyof AuthEvents;
export type AuthEventListener = <Name extends AuthEventName>(name: Name, payload: AuthEvents[Name]) => void;
