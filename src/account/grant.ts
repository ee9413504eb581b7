import type { SessionGrant } from 'nest-latchkey';
import type { User } from '../users/users.service.js';

/** The scope is what other servers ask for; the claim is what `override` on `/users/:username` asks for. */
export function grantOf({ isAdmin }: User): Required<SessionGrant> {
  const admin: Record<string, true> = isAdmin ? { admin: true } : {};
  return { scope: admin, claims: admin };
}
