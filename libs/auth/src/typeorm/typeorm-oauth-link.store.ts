import type { DataSource, EntityManager } from 'typeorm';
import { AuthError } from '../auth.errors.js';
import { OAuthLinkStore, type OAuthLink, type OAuthLinkKey } from '../stores/oauth-link.store.js';
import { checkColumnTexts, checkWholeNumbers } from './column-checks.js';
import { insertIfAbsent } from './conditional-write.js';
import { OAuthLinkEntity } from './oauth-link.entity.js';
import { onPrimary } from './on-primary.js';
import { SqlStatement, type TableOf } from './sql-statement.js';

/** The linked identities in the application's database, read and written on the primary. */
export class TypeormOAuthLinkStore extends OAuthLinkStore {
  readonly #dataSource: () => DataSource;

  /** @param dataSource is asked at each use, never before. What it throws passes through. */
  constructor(dataSource: () => DataSource) {
    super();
    this.#dataSource = dataSource;
  }

  async ownerOf(key: OAuthLinkKey): Promise<string | undefined> {
    const checked = keyOf(key);
    return this.#run((db) => ownerOf(db, checked));
  }

  async link(link: OAuthLink): Promise<{ owner: string; isNew: boolean }> {
    const { user, linkedAt } = link;
    checkColumnTexts({ user });
    checkWholeNumbers({ linkedAt });
    const checked = { ...keyOf(link), user, linkedAt };
    return this.#run((db) => insertOrRead(db, checked));
  }

  async list(user: string): Promise<OAuthLink[]> {
    checkColumnTexts({ user });
    const rows = await this.#run((db) =>
      db
        .createQueryBuilder(OAuthLinkEntity, 'row')
        .where('row.user = :user', { user })
        .orderBy({ 'row.linkedAt': 'ASC', 'row.provider': 'ASC', 'row.issuer': 'ASC', 'row.subject': 'ASC' })
        .getMany(),
    );
    return rows.map((row) => ({ ...keyOf(row), user: row.user, linkedAt: row.linkedAt }));
  }

  async unlink(user: string, key: OAuthLinkKey, { keepLast }: { keepLast: boolean }): Promise<boolean> {
    checkColumnTexts({ user });
    const parameters = { ...keyOf(key), user };
    return this.#run(async (db) => {
      const statement = keepLast ? unlinkUnlessLast(db) : unlinkOne;
      return (await statement.affected(db, parameters)) > 0;
    });
  }

  #run<T>(work: (db: EntityManager) => Promise<T>): Promise<T> {
    return onPrimary(this.#dataSource(), 'OAuth links', work);
  }
}

/** These and nothing else: an argument or an entity may carry more. @throws AuthError `invalid_argument` for what fits no column */
function keyOf({ provider, issuer, subject }: OAuthLinkKey) {
  checkColumnTexts({ provider, issuer, subject });
  if (provider.length > 64) throw new AuthError('invalid_argument', { reason: 'provider has more than 64 characters' });
  return { provider, issuer, subject };
}

async function ownerOf(db: EntityManager, key: ReturnType<typeof keyOf>): Promise<string | undefined> {
  const condition = 'row.provider = :provider AND row.issuer = :issuer AND row.subject = :subject';
  const row = await db.createQueryBuilder(OAuthLinkEntity, 'row').where(condition, key).getOne();
  return row?.user;
}

async function insertOrRead(
  db: EntityManager,
  link: OAuthLink,
  attempts = 3,
): Promise<{ owner: string; isNew: boolean }> {
  if (await insertIfAbsent(db, OAuthLinkEntity, { ...link })) return { owner: link.user, isNew: true };
  const owner = await ownerOf(db, keyOf(link));
  if (owner !== undefined) return { owner, isNew: false };
  // unlinked between the two statements
  if (attempts <= 1) throw new OAuthLinkContention();
  return insertOrRead(db, link, attempts - 1);
}

type Parameter = keyof OAuthLinkKey | 'user';

const deletion = (table: TableOf) =>
  `DELETE FROM ${table(OAuthLinkEntity)} ` +
  'WHERE provider = :provider AND issuer = :issuer AND subject = :subject AND user_id = :user';

const unlinkOne = new SqlStatement<Parameter>(deletion);

/** SQLite has one writer at a time. */
const unlinkWithOneWriter = new SqlStatement<Parameter>(
  (table) => `${deletion(table)} AND 1 < (SELECT COUNT(*) FROM ${table(OAuthLinkEntity)} WHERE user_id = :user)`,
);

/**
 * All links of the user are locked before they are counted: two statements that take one each of two would else both see the
 * other's. The LIMIT keeps MySQL from merging the subquery into a statement that reads the table it deletes from.
 */
const unlinkWithLock = new SqlStatement<Parameter>(
  (table) =>
    `${deletion(table)} AND 1 < (SELECT COUNT(*) FROM (SELECT subject FROM ${table(OAuthLinkEntity)} ` +
    'WHERE user_id = :user ORDER BY provider, issuer, subject LIMIT 2 FOR UPDATE) held)',
);

function unlinkUnlessLast({ dataSource }: EntityManager): SqlStatement<Parameter> {
  return /sqlite|sqljs/.test(dataSource.options.type) ? unlinkWithOneWriter : unlinkWithLock;
}

/** Named for the log: the store's error says only this. */
class OAuthLinkContention extends Error {}
