import type { OAuthPhase } from '../auth.events.js';
import { defaultPaths, textAt, valueAt, webUrlAt, type IdentityPaths } from './identity-paths.js';
import { isSubject, type OAuthIdentity } from './oauth-identity.js';
import { ofStatus, refuse, refuseAnswer } from './provider-errors.js';

type Paths = typeof defaultPaths & IdentityPaths;

/** How an answer is read. */
export interface AnswerReading {
  readonly issuer: string;
  readonly identity: IdentityPaths;
  readonly emailTrust: 'claim' | 'always' | 'never';
}

/**
 * Who it is, as an answer of the provider's API says.
 *
 * Does not look at what the answer was asked with: whoever calls it has seen that the token is of this log-in.
 *
 * @throws ProviderProblem
 */
export function identityIn(answer: unknown, reading: AnswerReading, phase: OAuthPhase): OAuthIdentity {
  const paths: Paths = { ...defaultPaths, ...reading.identity };
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw refuse(phase, 'oauth_provider_failed', 'the endpoint answered no object');
  const subject = textAt(answer, paths.subject);
  if (subject === undefined || !isSubject(subject))
    throw refuse(phase, 'oauth_provider_failed', 'the answer names no subject, or one that is too long');
  return {
    issuer: reading.issuer,
    subject,
    ...emailOf(reading, paths, answer),
    name: textAt(answer, paths.name),
    picture: webUrlAt(answer, paths.picture),
    claims: answer as OAuthIdentity['claims'],
  };
}

function emailOf(
  { emailTrust }: AnswerReading,
  paths: Paths,
  answer: object,
): Pick<OAuthIdentity, 'email' | 'emailVerified'> {
  const email = textAt(answer, paths.email);
  const claimed = emailTrust === 'claim' && valueAt(answer, proofPath(paths)) === true;
  return { email, emailVerified: email !== undefined && (emailTrust === 'always' || claimed) };
}

/** Beside the address, unless said otherwise: the word on one address must not verify another. */
function proofPath({ email, emailVerified }: Paths): string {
  return emailVerified ?? email.replace(/[^.|]*$/, 'email_verified');
}

/** @throws ProviderProblem */
export async function jsonOf(response: Response): Promise<unknown> {
  if (response.status !== 200) throw refuseAnswer('userinfo', ofStatus(response.status), response.status);
  try {
    return (await response.json()) as unknown;
  } catch {
    // the parser's message quotes the answer
    throw refuse('userinfo', 'oauth_provider_failed', 'the endpoint answered no JSON');
  }
}
