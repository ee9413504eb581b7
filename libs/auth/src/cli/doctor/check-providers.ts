import type { ModuleRef } from '@nestjs/core';
import { OAuthService } from '../../oauth/oauth.service.js';
import { ProviderProblem } from '../../oauth/provider-errors.js';
import { ProviderSources } from '../../oauth/provider-sources.js';
import { textOf, type Finding } from './finding.js';

/** Does each configured provider of OpenID Connect tell of itself? Others publish nothing that could be asked. */
export async function checkProviders(instances: ModuleRef): Promise<Finding[]> {
  const sources = instances.get(ProviderSources, { strict: false });
  const { providers } = instances.get(OAuthService, { strict: false });
  const checks = providers.map(async (name): Promise<Finding> => {
    const { provider, source } = await sources.find(name);
    const subject = `provider ${name}`;
    if (provider.kind !== 'oidc') return { level: 'ok', subject, text: `${provider.kind}: nothing can be asked of it` };
    try {
      await source!.get();
      return { level: 'ok', subject, text: `oidc: ${provider.issuer} tells of itself` };
    } catch (error) {
      const text = textOf(error instanceof ProviderProblem ? error.failure.error : error);
      return { level: 'fail', subject, text: `${text}; mend issuer ${provider.issuer}, or the network` };
    }
  });
  return Promise.all(checks);
}
