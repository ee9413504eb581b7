import type { AuthorizationServer } from 'oauth4webapi';
import type { CodeProvider } from './provider.js';

const place = '{tenantid}';

/** Is it the issuer of some tenant? Which one, the ID token says. */
export function isTenantIssuer(issuer: string, template: string): boolean {
  const [before = '', after = ''] = template.split(place);
  const tenant = issuer.slice(before.length, issuer.length - after.length);
  return /^[\w.-]+$/.test(tenant) && issuer === issuerOfTenant(template, tenant);
}

/** The metadata of the provider, with the issuer that an ID token of this answer must have. */
export async function expectedOf(
  provider: CodeProvider,
  metadata: AuthorizationServer,
  answer: Response,
): Promise<AuthorizationServer> {
  if (provider.kind === 'oauth2' || provider.issuerTemplate === undefined) return metadata;
  const tenant = await tenantOf(answer);
  return tenant === undefined ? metadata : { ...metadata, issuer: issuerOfTenant(provider.issuerTemplate, tenant) };
}

function issuerOfTenant(template: string, tenant: string): string {
  return template.replace(place, () => tenant);
}

/** Nothing is checked yet: what is made of it, the signed issuer is compared with. */
async function tenantOf(answer: Response): Promise<string | undefined> {
  try {
    const { id_token } = (await answer.clone().json()) as { id_token: string };
    const { tid } = JSON.parse(Buffer.from(id_token.split('.')[1]!, 'base64url').toString()) as { tid: unknown };
    return typeof tid === 'string' ? tid : undefined;
  } catch {
    return undefined;
  }
}
