import { createHash } from 'node:crypto';

/** Ids longer than a column, and ids of other issuers, are kept as a hash; ours stay readable. */
export function revocationId(id: string, issuer?: string): string {
  if (issuer === undefined && id.length <= 200 && !id.startsWith('sha256:')) return id;
  return `sha256:${createHash('sha256')
    .update(JSON.stringify([issuer ?? null, id]))
    .digest('base64url')}`;
}
