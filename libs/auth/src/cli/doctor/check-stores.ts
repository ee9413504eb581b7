import type { ModuleRef } from '@nestjs/core';
import type { AuthSettings } from '../../auth.settings.js';
import type { StoreCondition } from '../../stores/auth-stores.js';
import type { Finding } from './finding.js';

/** Can the place be asked, and is it as the stores need it? */
export async function checkStores(
  { stores }: AuthSettings,
  instances: ModuleRef,
  hear: (condition: StoreCondition) => void,
): Promise<Finding[]> {
  const subject = 'stores';
  if (stores.examine === undefined) {
    const level = stores.durable ? 'ok' : 'warn';
    const text = stores.durable
      ? `${stores.name}: nothing to look at`
      : `${stores.name}: forgotten at a restart, and unknown to other processes; use typeormStores()`;
    return [{ level, subject, text }];
  }
  const condition = await stores.examine(instances as never);
  hear(condition);
  if (condition.problems.length > 0) return condition.problems.map((text) => ({ level: 'fail', subject, text }));
  return [{ level: 'ok', subject, text: `${stores.name}: it answers, and its tables are there` }];
}
