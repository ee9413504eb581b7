import type { EntityManager } from 'typeorm';
import type { OAuthGrantContent, OAuthGrantKey, OAuthGrantRow } from '../stores/oauth-grant.store.js';
import { OAuthGrantEntity } from './oauth-grant.entity.js';
import { SqlStatement, type Raw } from './sql-statement.js';
import { wholeNumber } from './whole-number.js';

type KeyName = keyof OAuthGrantKey;
type ContentName = keyof OAuthGrantContent;

const ofKey = 'owner = :owner AND provider = :provider AND subject = :subject';
const columns =
  'owner, provider, subject, issuer, version, sealed, scope, expires_at, status, lease_until, created_at, updated_at';

type RawGrant = Record<
  | KeyName
  | ('issuer' | 'version' | 'sealed' | 'scope' | 'expires_at' | 'status' | 'lease_until' | 'created_at' | 'updated_at'),
  Raw
>;

const select = new SqlStatement<KeyName>((table) => `SELECT ${columns} FROM ${table(OAuthGrantEntity)} WHERE ${ofKey}`);
const selectOfOwner = new SqlStatement<'owner'>(
  (table) => `SELECT ${columns} FROM ${table(OAuthGrantEntity)} WHERE owner = :owner`,
);
const selectOfProvider = new SqlStatement<'owner' | 'provider'>(
  (table) => `SELECT ${columns} FROM ${table(OAuthGrantEntity)} WHERE owner = :owner AND provider = :provider`,
);
const selectFirst = new SqlStatement<'limit'>(
  (table) => `SELECT ${columns} FROM ${table(OAuthGrantEntity)} ORDER BY owner, provider, subject LIMIT :limit`,
);
const selectBehind = new SqlStatement<KeyName | 'limit'>(
  (table) =>
    `SELECT ${columns} FROM ${table(OAuthGrantEntity)} ` +
    'WHERE owner > :owner OR (owner = :owner AND (provider > :provider OR (provider = :provider AND subject > :subject))) ' +
    'ORDER BY owner, provider, subject LIMIT :limit',
);

const written = ['issuer', 'sealed', 'scope', 'expires_at', 'status', 'updated_at'];

const upsert = new SqlStatement<ContentName>((table, isMySql) => {
  const insert = `INSERT INTO ${table(OAuthGrantEntity)}`;
  const values = `(${columns}) VALUES (:owner, :provider, :subject, :issuer, 1, :sealed, :scope, :expiresAt, :status, NULL, :createdAt, :updatedAt)`;
  const taken = (of: (column: string) => string) => written.map((column) => `${column} = ${of(column)}`).join(', ');
  if (isMySql)
    return `${insert} ${values} ON DUPLICATE KEY UPDATE version = version + 1, lease_until = NULL, ${taken((column) => `VALUES(${column})`)}`;
  return (
    `${insert} AS stored ${values} ON CONFLICT (owner, provider, subject) ` +
    `DO UPDATE SET version = stored.version + 1, lease_until = NULL, ${taken((column) => `excluded.${column}`)}`
  );
});

const update = new SqlStatement<Exclude<ContentName, 'createdAt'> | 'version'>(
  (table) =>
    `UPDATE ${table(OAuthGrantEntity)} SET version = version + 1, lease_until = NULL, issuer = :issuer, sealed = :sealed, ` +
    'scope = :scope, expires_at = :expiresAt, status = :status, updated_at = :updatedAt ' +
    `WHERE ${ofKey} AND version = :version`,
);
const takeLease = new SqlStatement<KeyName | 'version' | 'until' | 'now' | 'beyond'>(
  (table) =>
    `UPDATE ${table(OAuthGrantEntity)} SET lease_until = :until ` +
    `WHERE ${ofKey} AND version = :version AND (lease_until IS NULL OR lease_until <= :now OR lease_until > :beyond)`,
);
const endLease = new SqlStatement<KeyName | 'until'>(
  (table) => `UPDATE ${table(OAuthGrantEntity)} SET lease_until = NULL WHERE ${ofKey} AND lease_until = :until`,
);
const updateSealed = new SqlStatement<KeyName | 'version' | 'sealed'>(
  (table) => `UPDATE ${table(OAuthGrantEntity)} SET sealed = :sealed WHERE ${ofKey} AND version = :version`,
);
const remove = new SqlStatement<KeyName>((table) => `DELETE FROM ${table(OAuthGrantEntity)} WHERE ${ofKey}`);
const removeVersion = new SqlStatement<KeyName | 'version'>(
  (table) => `DELETE FROM ${table(OAuthGrantEntity)} WHERE ${ofKey} AND version = :version`,
);

export async function findGrant(db: EntityManager, key: OAuthGrantKey): Promise<OAuthGrantRow | undefined> {
  const [row] = await select.rows<keyof RawGrant>(db, key);
  return row === undefined ? undefined : readGrant(row);
}

export async function listGrants(db: EntityManager, owner: string, provider?: string): Promise<OAuthGrantRow[]> {
  const rows = await (provider === undefined
    ? selectOfOwner.rows<keyof RawGrant>(db, { owner })
    : selectOfProvider.rows<keyof RawGrant>(db, { owner, provider }));
  return rows.map(readGrant);
}

export async function pageOfGrants(
  db: EntityManager,
  after: OAuthGrantKey | undefined,
  limit: number,
): Promise<OAuthGrantRow[]> {
  const rows = await (after === undefined
    ? selectFirst.rows<keyof RawGrant>(db, { limit })
    : selectBehind.rows<keyof RawGrant>(db, { ...after, limit }));
  return rows.map(readGrant);
}

export async function saveGrant(db: EntityManager, grant: OAuthGrantContent): Promise<void> {
  await upsert.affected(db, { ...parametersOf(grant), createdAt: wholeNumber(grant.createdAt) });
}

export async function replaceGrant(db: EntityManager, grant: OAuthGrantContent, version: number): Promise<boolean> {
  return (await update.affected(db, { ...parametersOf(grant), version })) > 0;
}

export async function leaseGrant(
  db: EntityManager,
  key: OAuthGrantKey,
  { version, until, now }: { version: number; until: number; now: number },
): Promise<boolean> {
  const times = { until: wholeNumber(until), now: wholeNumber(now), beyond: wholeNumber(now + 2 * (until - now)) };
  return (await takeLease.affected(db, { ...key, version, ...times })) > 0;
}

export async function releaseGrant(db: EntityManager, key: OAuthGrantKey, until: number): Promise<void> {
  await endLease.affected(db, { ...key, until: wholeNumber(until) });
}

export async function deleteGrant(db: EntityManager, key: OAuthGrantKey, version?: number): Promise<boolean> {
  const deleted = version === undefined ? remove.affected(db, key) : removeVersion.affected(db, { ...key, version });
  return (await deleted) > 0;
}

export async function resealGrant(
  db: EntityManager,
  key: OAuthGrantKey,
  version: number,
  sealed: string,
): Promise<boolean> {
  return (await updateSealed.affected(db, { ...key, version, sealed })) > 0;
}

function parametersOf({ expiresAt, updatedAt, ...grant }: OAuthGrantContent) {
  const { owner, provider, subject, issuer, sealed, scope, status } = grant;
  return {
    ...{ owner, provider, subject, issuer, sealed, scope, status },
    expiresAt: expiresAt === null ? null : wholeNumber(expiresAt),
    updatedAt: wholeNumber(updatedAt),
  };
}

function readGrant(row: RawGrant): OAuthGrantRow {
  const { owner, provider, subject, issuer, sealed, scope, status } = row as Record<string, string>;
  const orNull = (value: Raw) => (value === null ? null : Number(value));
  return {
    ...{ owner: owner!, provider: provider!, subject: subject!, issuer: issuer!, sealed: sealed!, scope: scope! },
    status: status as OAuthGrantRow['status'],
    version: Number(row.version),
    expiresAt: orNull(row.expires_at),
    leaseUntil: orNull(row.lease_until),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
}
