import { Clock } from '../../auth.clock.js';
import { AUTH_SETTINGS } from '../../auth.composition.js';
import { seconds } from '../../auth.durations.js';
import type { AuthSettings } from '../../auth.settings.js';
import type { StoreCondition } from '../../stores/auth-stores.js';
import type { RootModule } from '../root-module.js';
import { boot, type BootedApp } from './booted-app.js';
import { checkClock } from './check-clock.js';
import { checkIssuers } from './check-issuers.js';
import { checkStores } from './check-stores.js';
import { find, type Finding } from './finding.js';

/** Look at an application from its start to what it needs of others; what failed hides as little as may be of the rest. */
export async function examine(root: RootModule, complain: (text: string) => void): Promise<Finding[]> {
  const app = await boot(root, complain);
  try {
    return [...app.findings, ...(await surroundings(app))];
  } finally {
    await app.context?.close();
  }
}

async function surroundings({ instances, context }: BootedApp): Promise<Finding[]> {
  const settings = instances?.get<AuthSettings | null | undefined>(AUTH_SETTINGS, { strict: false });
  // options that do not hold make no settings
  if (instances === undefined || !settings) return [];
  const clock = instances.get(Clock, { strict: false });
  const now = () => clock.now();
  const tolerance = seconds(settings.jwt.clockTolerance);

  let condition: StoreCondition | undefined;
  const stores = await find('stores', () => checkStores(settings, instances, (told) => (condition = told)));
  const there = condition?.clock;
  const found = [...stores];
  if (there !== undefined) found.push(await checkClock('the database', async () => there, { now, tolerance }));

  const { fanOut } = settings.revocation;
  // it listens from the start on
  if (context !== undefined && fanOut?.clock !== undefined)
    found.push(
      ...(await find('redis', async () => [await checkClock('Redis', () => fanOut.clock!(), { now, tolerance })])),
    );
  found.push(...(await find('issuers', () => checkIssuers(settings, now))));
  if (settings.oauth !== null)
    // the client of providers is loaded by applications that have some
    found.push(
      ...(await find('providers', async () => (await import('./check-providers.js')).checkProviders(instances))),
    );
  return found;
}
