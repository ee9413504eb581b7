/** One process of several that share a grant: asks the API for ada, so many times at once as it is told. */
import { ada, grantsOf, oauthContext, type OAuthApplicationOptions } from '../application.js';

const application = await oauthContext(JSON.parse(process.argv[2]!) as OAuthApplicationOptions);
const grants = grantsOf(application);

/** What failed, by its code. */
export interface RefreshAnswer {
  readonly succeeded: number;
  readonly failures: readonly string[];
}

process.on('message', ({ calls }: { calls: number }) => {
  const client = grants.client('forge', ada);
  void Promise.allSettled(Array.from({ length: calls }, () => client.json(''))).then((results) => {
    const failed = results.filter((result) => result.status === 'rejected');
    const failures = failed.map(({ reason }) => String((reason as { code?: string }).code));
    process.send!({ succeeded: results.length - failed.length, failures } satisfies RefreshAnswer);
  });
});
process.on('disconnect', () => process.exit());
process.send!({ ready: true });
