import { jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule, AuthService, Clock } from 'nest-latchkey';
import { TestClock } from 'nest-latchkey/testing';
import { typeormStores } from 'nest-latchkey/typeorm';
import { DataSource, type Logger } from 'typeorm';
import { reachableDatabases, type TestDatabase } from './databases.js';

jest.setTimeout(30_000);

const postgres = (await reachableDatabases()).find(({ name }) => name === 'PostgreSQL');
const partitioning = /```sql\n(ALTER TABLE[\s\S]+?)```/.exec(readFileSync('docs/scale.md', 'utf8'))![1]!;

interface Statement {
  readonly sql: string;
  readonly parameters: unknown[];
}

/** A node of what EXPLAIN answers. */
interface Plan {
  readonly 'Relation Name'?: string;
  readonly Plans?: Plan[];
}

const described = postgres === undefined ? describe.skip : describe;

described('sessions on a PostgreSQL partitioned as docs/scale.md has it', () => {
  const clock = new TestClock(Date.UTC(2030, 0, 1));
  let statements: Statement[];
  let database: TestDatabase;
  let app: TestingModule;
  let auth: AuthService;
  let dataSource: DataSource;

  beforeAll(async () => {
    statements = [];
    database = await postgres!.create();
    const migrated = await new DataSource(database.options).initialize();
    await migrated.runMigrations();
    await migrated.query(partitioning);
    await migrated.destroy();
    app = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRoot({ ...database.options, logging: ['query'], logger: loggerInto(statements) }),
        AuthModule.forRoot({
          jwt: { issuer: 'https://api.example.com', secret: 'Zp3vQm81yLkT5wXe0RgHs7BnUc2JfAdo' },
          stores: typeormStores(),
        }),
      ],
    })
      .overrideProvider(Clock)
      .useValue(clock)
      .compile();
    await app.init();
    auth = app.get(AuthService);
    dataSource = app.get(DataSource);
  });
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('no statement of a refresh, a first use or a guarded request touches two partitions of a table', async () => {
    for (const subject of ['ada', 'grace', 'edsger', 'barbara']) {
      const first = await auth.createSession(subject, { scope: 'read' });
      clock.advance(60);
      statements.length = 0;
      const second = await auth.refreshSession(first.refresh_token);
      await auth.verify(second.access_token);
      clock.advance(60);
      const third = await auth.refreshSession(second.refresh_token);
      clock.advance(60);
      await auth.refreshSession(third.refresh_token);
      await auth.verify(second.access_token, { revocation: 'store' });

      const ofSessions = statements.filter(({ sql }) => /auth_(session|refresh_token)/.test(sql));
      // three and a first use, three, four with the use, and one of the guard
      expect(ofSessions.map(({ sql }) => sql.split(' ')[0])).toEqual([
        ...['SELECT', 'INSERT', 'SELECT', 'UPDATE'],
        ...['SELECT', 'INSERT', 'SELECT'],
        ...['SELECT', 'UPDATE', 'INSERT', 'SELECT'],
        'SELECT',
      ]);
      for (const statement of ofSessions) {
        const { sessions, tokens } = await partitionsOf(statement);
        if (statement.sql.startsWith('INSERT')) continue; // the key of the row names its partition
        expect([statement.sql, sessions.length]).toEqual([statement.sql, 1]);
        expect([statement.sql, tokens.length]).toEqual([statement.sql, statement.sql.includes('_token') ? 1 : 0]);
      }
    }
  });

  it('sees it where a statement does touch all of them', async () => {
    const sql = 'SELECT id FROM auth_session WHERE subject = $1';
    expect((await partitionsOf({ sql, parameters: ['ada'] })).sessions).toHaveLength(4);
  });

  it('spreads the sessions', async () => {
    for (let left = 20; left > 0; left--) await auth.createSession('ada');
    const rows = await dataSource.query('SELECT DISTINCT tableoid FROM auth_session');
    expect(rows.length).toBeGreaterThan(1);
  });

  async function partitionsOf({ sql, parameters }: Statement): Promise<Record<'sessions' | 'tokens', string[]>> {
    const [row] = await dataSource.query(`EXPLAIN (FORMAT JSON) ${sql}`, parameters);
    const names = [...new Set(relationsOf(row['QUERY PLAN'][0].Plan as Plan))];
    return {
      sessions: names.filter((name) => /^auth_session_\d$/.test(name)),
      tokens: names.filter((name) => /^auth_refresh_token_\d$/.test(name)),
    };
  }
});

function relationsOf(plan: Plan): string[] {
  const own = plan['Relation Name'];
  return [...(own === undefined ? [] : [own]), ...(plan.Plans ?? []).flatMap(relationsOf)];
}

function loggerInto(statements: Statement[]): Logger {
  const quiet = () => {};
  return {
    logQuery: (sql, parameters) => statements.push({ sql, parameters: (parameters as unknown[] | undefined) ?? [] }),
    ...{ logQueryError: quiet, logQuerySlow: quiet, logSchemaBuild: quiet, logMigration: quiet, log: quiet },
  };
}
