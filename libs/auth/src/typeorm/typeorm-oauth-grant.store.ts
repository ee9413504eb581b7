import type { DataSource, EntityManager } from 'typeorm';
import {
  OAuthGrantStore,
  type OAuthGrantContent,
  type OAuthGrantKey,
  type OAuthGrantRow,
} from '../stores/oauth-grant.store.js';
import { checkColumnText, checkLongText, checkText, checkWholeNumbers } from './column-checks.js';
import { insertIfAbsent } from './conditional-write.js';
import { OAuthGrantEntity } from './oauth-grant.entity.js';
import {
  deleteGrant,
  findGrant,
  leaseGrant,
  listGrants,
  pageOfGrants,
  releaseGrant,
  replaceGrant,
  resealGrant,
  saveGrant,
} from './oauth-grant.statements.js';
import { onPrimary } from './on-primary.js';

/** What providers granted, in the application's database, read and written on the primary. */
export class TypeormOAuthGrantStore extends OAuthGrantStore {
  readonly #dataSource: () => DataSource;

  /** @param dataSource is asked at each use, never before. What it throws passes through. */
  constructor(dataSource: () => DataSource) {
    super();
    this.#dataSource = dataSource;
  }

  async find(key: OAuthGrantKey): Promise<OAuthGrantRow | undefined> {
    const named = checked(key);
    return this.#run((db) => findGrant(db, named));
  }

  async list(owner: string, provider?: string): Promise<OAuthGrantRow[]> {
    checkText('owner', owner);
    if (provider !== undefined) checkText('provider', provider);
    return this.#run((db) => listGrants(db, owner, provider));
  }

  async save(grant: OAuthGrantContent): Promise<void> {
    checkContent(grant);
    return this.#run((db) => saveGrant(db, grant));
  }

  async replace(grant: OAuthGrantContent, version: number): Promise<boolean> {
    checkContent(grant);
    checkWholeNumbers({ version });
    return this.#run((db) => (version === 0 ? insert(db, grant) : replaceGrant(db, grant, version)));
  }

  async lease(key: OAuthGrantKey, version: number, until: number, now: number): Promise<boolean> {
    checkWholeNumbers({ version });
    const named = checked(key);
    return this.#run((db) => leaseGrant(db, named, { version, until, now }));
  }

  async release(key: OAuthGrantKey, until: number): Promise<void> {
    const named = checked(key);
    return this.#run((db) => releaseGrant(db, named, until));
  }

  async delete(key: OAuthGrantKey, version?: number): Promise<boolean> {
    if (version !== undefined) checkWholeNumbers({ version });
    const named = checked(key);
    return this.#run((db) => deleteGrant(db, named, version));
  }

  async page(after: OAuthGrantKey | undefined, limit: number): Promise<OAuthGrantRow[]> {
    checkWholeNumbers({ limit });
    const named = after === undefined ? undefined : checked(after);
    return this.#run((db) => pageOfGrants(db, named, limit));
  }

  async reseal(key: OAuthGrantKey, version: number, sealed: string): Promise<boolean> {
    checkWholeNumbers({ version });
    checkLongText('sealed', sealed);
    const named = checked(key);
    return this.#run((db) => resealGrant(db, named, version, sealed));
  }

  #run<T>(work: (db: EntityManager) => Promise<T>): Promise<T> {
    return onPrimary(this.#dataSource(), 'OAuth grants', work);
  }
}

/** These and nothing else: an argument may be a whole row. */
function checked({ owner, provider, subject }: OAuthGrantKey): OAuthGrantKey {
  checkColumnText('owner', owner, 260);
  checkColumnText('provider', provider, 64);
  checkColumnText('subject', subject);
  return { owner, provider, subject };
}

function checkContent({ issuer, sealed, scope, status, ...grant }: OAuthGrantContent): void {
  checked(grant);
  checkColumnText('issuer', issuer);
  checkColumnText('status', status, 32);
  checkLongText('sealed', sealed);
  checkLongText('scope', scope);
}

function insert(db: EntityManager, grant: OAuthGrantContent): Promise<boolean> {
  const { owner, provider, subject, issuer, sealed, scope, expiresAt, status, createdAt, updatedAt } = grant;
  return insertIfAbsent(db, OAuthGrantEntity, {
    ...{ owner, provider, subject, issuer, sealed, scope, expiresAt, status, createdAt, updatedAt },
    ...{ version: 1, leaseUntil: null },
  });
}
