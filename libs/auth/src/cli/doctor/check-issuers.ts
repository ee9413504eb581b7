import { AuthError } from '../../auth.errors.js';
import type { AuthSettings } from '../../auth.settings.js';
import { TrustedIssuer } from '../../jwt/trusted-issuer.js';
import { textOf, type Finding } from './finding.js';

/** Can the keys of `jwt.trustedIssuers` be fetched? */
export async function checkIssuers({ jwt }: AuthSettings, now: () => number): Promise<Finding[]> {
  const checks = (jwt.trustedIssuers ?? []).map(async (options, index): Promise<Finding> => {
    const option = `jwt.trustedIssuers[${index}]`;
    const subject = `issuer ${options.issuer}`;
    try {
      // a key that nobody has: what counts is that the set can be read
      await new TrustedIssuer(options, option, now).find({ alg: options.algorithms[0]!, kid: 'latchkey-doctor' });
    } catch (error) {
      if (!(error instanceof AuthError)) throw error;
      if (error.code === 'keys_unavailable')
        return { level: 'fail', subject, text: `${textOf(error)}; mend ${option}, or the network` };
    }
    return { level: 'ok', subject, text: 'its keys can be fetched' };
  });
  return Promise.all(checks);
}
