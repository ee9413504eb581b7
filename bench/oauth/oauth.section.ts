import { start, stop } from '../child.js';
import type { Figure } from '../figure.js';
import type { Section, SectionOptions } from '../section.js';
import { measureClient } from './client/measure-client.js';
import { measureDance } from './dance/measure-dance.js';
import { clientFigures, danceFigure, refreshFigures } from './figures.js';
import type { ProviderAddress } from './provider.process.js';
import { measureRefresh } from './refresh/measure-refresh.js';

/**
 * Log-in with a provider and calls of its API: one refresh for any number of calls, what the client adds to a request, what a
 * log-in costs. Wants PostgreSQL, as the tests do; the provider is one on loopback, in a process of its own.
 */
export const oauthSection: Section = { name: 'oauth', run };

async function run({ rounds }: SectionOptions): Promise<Figure[]> {
  const provider = await start<ProviderAddress>('oauth/provider.process.js');
  try {
    return [
      ...refreshFigures(await measureRefresh(rounds, provider)),
      ...clientFigures(await measureClient(rounds, provider.message)),
      danceFigure(await measureDance(rounds, provider.message)),
    ];
  } finally {
    await stop(provider);
  }
}
