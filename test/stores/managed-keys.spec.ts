import { jest } from '@jest/globals';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthConfigError, AuthModule, AuthService, Clock } from 'nest-latchkey';
import { TestClock } from 'nest-latchkey/testing';
import { SigningKeyEntity, typeormStores } from 'nest-latchkey/typeorm';
import { KeyRing } from '../../libs/auth/src/jwt/key-ring.js';
import { SigningKeys } from '../../libs/auth/src/keys/signing-keys.js';
import type { SigningKeyRow } from '../../libs/auth/src/stores/signing-key.store.js';
import { openTwice, reachableDatabases, undoMigrations, type DatabaseKind, type OpenedTwice } from './databases.js';

jest.setTimeout(30_000);

const start = Date.UTC(2030, 0, 1);
const minute = 60;
const day = 24 * 60 * minute;
const encryptionKeys = [{ id: 'a', key: randomBytes(32) }];

for (const kind of await reachableDatabases()) describeManagedKeys(kind);

/** Two applications, each with its own connections and clock, as two processes have them. */
function describeManagedKeys(kind: DatabaseKind): void {
  describe(`managed keys: ${kind.name}`, () => {
    let opened: OpenedTwice;
    let apps: Instance[];

    beforeEach(async () => {
      opened = await openTwice(kind);
      apps = [];
    });
    afterEach(async () => {
      for (const { app } of apps) await app.close();
      await opened.close();
    });

    const make = async (keys: object[] = encryptionKeys): Promise<Instance> => {
      const clock = new TestClock(start);
      const testing = Test.createTestingModule({
        imports: [
          TypeOrmModule.forRoot(opened.dataSources[0].options),
          AuthModule.forRoot({
            jwt: {
              issuer: 'https://api.example.com',
              managedKeys: { encryptionKeys: keys as never },
              accessTokenLifetime: '1h',
            },
            stores: typeormStores(),
          }),
        ],
      });
      const app = await testing.overrideProvider(Clock).useValue(clock).compile();
      const instance = {
        ...{ app, clock, auth: app.get(AuthService), keys: app.get(SigningKeys), ring: app.get(KeyRing) },
      };
      apps.push(instance);
      return instance;
    };
    const boot = async (): Promise<[Instance, Instance]> => {
      const [one, two] = [await make(), await make()];
      await Promise.all([one.app.init(), two.app.init()]);
      return [one, two];
    };
    const rowsOf = async (): Promise<SigningKeyRow[]> =>
      opened.dataSources[0]
        .createQueryBuilder(SigningKeyEntity, 'row')
        .addSelect('row.sealed')
        .orderBy('row.generation')
        .getMany();
    const pass = async (seconds: number) => {
      for (const { clock } of apps) clock.advance(seconds);
      for (const { keys } of apps) await keys.tick();
    };
    /** Each issues a token, each verifies all. */
    const expectAgreement = async () => {
      const tokens = await Promise.all(apps.map(({ auth }) => auth.issueAccessToken('ada')));
      for (const { auth } of apps) for (const token of tokens) expect((await auth.verify(token)).sub).toBe('ada');
    };

    it('S43 two instances boot at once with one key, and agree through a rotation in any order', async () => {
      const [one, two] = await boot();
      expect(await rowsOf()).toHaveLength(1);
      await expectAgreement();
      await pass(30 * day - 10 * minute);
      expect(await rowsOf()).toHaveLength(2);
      await expectAgreement();
      // the clock of one is ahead, as far as tokens allow it: it signs with the next key already
      one.clock.advance(10 * minute);
      two.clock.advance(10 * minute - 5);
      await one.keys.tick();
      expect(one.ring.current.kid).not.toBe(two.ring.current.kid);
      await expectAgreement();
      two.clock.advance(5);
      await two.keys.tick();
      expect(two.ring.current.kid).toBe(one.ring.current.kid);
      await expectAgreement();
    });

    it('S43 of 20 rotations at once in two instances, one makes the key', async () => {
      const instances = await boot();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => instances[index % 2]!.auth.rotateSigningKey()),
      );
      expect(new Set(answers.map(({ kid }) => kid)).size).toBe(1);
      expect((await rowsOf()).map(({ kid }) => kid)).toContain(answers[0]!.kid);
      expect(await rowsOf()).toHaveLength(2);
    });

    it('S43 a compromised key is dead in both instances after 20 seconds', async () => {
      const [one, two] = await boot();
      const stolen = await one.auth.issueAccessToken('ada');
      await two.auth.verify(stolen);
      await one.auth.rotateSigningKey({ compromised: true });
      await pass(10);
      await expectAgreement();
      await pass(10);
      for (const { auth } of [one, two])
        await expect(auth.verify(stolen)).rejects.toMatchObject({ code: 'token_invalid' });
      await expectAgreement();
    });

    it('FT-12 keys that are added, changed and retired under load refuse no token that was signed before', async () => {
      const [one, two] = await boot();
      const tokens = [await one.auth.issueAccessToken('ada')];
      const end = new AbortController();
      let verified = 0;
      const load = Array.from({ length: 8 }, async (_, worker) => {
        const { auth } = apps[worker % 2]!;
        while (!end.signal.aborted) {
          tokens.push(await auth.issueAccessToken('ada'));
          for (const token of tokens.slice(-20)) await auth.verify(token, { revocation: false });
          verified += 20;
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
      for (let round = 0; round < 3; round++) {
        await apps[round % 2]!.auth.rotateSigningKey();
        await pass(5 * minute);
        await pass(5 * minute);
      }
      end.abort();
      await Promise.all(load);
      expect(verified).toBeGreaterThan(20);
      expect(await rowsOf()).toHaveLength(4);
      // and after their retirement all are refused
      const kids = new Set(tokens.map((token) => one.auth.decodeUnverified(token).header.kid));
      expect(kids.size).toBeGreaterThan(1);
      await two.auth.rotateSigningKey({ compromised: true });
      await pass(20);
      for (const { auth } of [one, two])
        for (const token of tokens.slice(-50))
          await expect(auth.verify(token, { revocation: false })).rejects.toMatchObject({ statusCode: 401 });
    });

    it('ST-03, ST-09 a dump of the table holds no private key, in no encoding', async () => {
      const [one] = await boot();
      const rows = (await opened.dataSources[0].query('SELECT * FROM auth_signing_key')) as object[];
      expect(rows).toHaveLength(1);
      const dump = JSON.stringify(rows);
      const privateKey = createPrivateKey(one.ring.current.signKey!.export({ format: 'pem', type: 'pkcs8' }));
      const d = Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url');
      const der = privateKey.export({ format: 'der', type: 'pkcs8' });
      for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const) {
        expect(dump).not.toContain(d.toString(encoding));
        expect(dump).not.toContain(der.toString(encoding));
      }
      expect(dump).not.toMatch(/PRIVATE KEY/);
    });

    it('ST-03 keys that changed places in the table are refused, and those known go on', async () => {
      const [one] = await boot();
      await one.auth.rotateSigningKey();
      const [first, next] = (await rowsOf()) as [SigningKeyRow, SigningKeyRow];
      const repository = opened.dataSources[0].getRepository(SigningKeyEntity);
      await repository.update({ generation: 1 }, { sealed: next.sealed });
      await repository.update({ generation: 2 }, { sealed: first.sealed });
      const refusal = { option: 'jwt.managedKeys.encryptionKeys' };
      await expect(one.keys.tick()).rejects.toMatchObject(refusal);
      await one.auth.verify(await one.auth.issueAccessToken('ada'));
      const third = await make();
      await expect(third.app.init()).rejects.toMatchObject(refusal);
    });

    it('CF-03 another encryption key stops the boot, and its log names no secret', async () => {
      await boot();
      const wrong = randomBytes(32);
      const third = await make([{ id: 'a', key: wrong }]);
      const failure = await third.app.init().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AuthConfigError);
      expect((failure as Error).message).toMatch(/^jwt\.managedKeys\.encryptionKeys: does not open what was sealed/);
      for (const encoding of ['hex', 'base64', 'base64url'] as const)
        expect(String((failure as Error).stack)).not.toContain(wrong.toString(encoding));
    });

    it('ST-04 an encryption key is replaced in three deployments, and nobody is refused', async () => {
      const newer = { id: 'b', key: randomBytes(32) };
      await boot();
      await (await make([...encryptionKeys, newer])).app.init();
      const third = await make([newer, ...encryptionKeys]);
      await third.app.init();
      await third.auth.rotateSigningKey();
      expect((await rowsOf()).map(({ sealed }) => sealed.split('.')[0])).toEqual(['a', 'b']);
      // the first deployment is gone by now; the second can open what the third has written
      for (const { app } of apps.splice(0, 2)) await app.close();
      await pass(10 * minute);
      await expectAgreement();
      expect(third.ring.current.kid).toBe((await rowsOf())[1]!.kid);
    });

    it('an outage is not noticed by those who verify, and not by those who issue for ten minutes', async () => {
      const [one] = await boot();
      const token = await one.auth.issueAccessToken('ada');
      await undoMigrations(opened.dataSources[0]);
      one.clock.advance(10 * minute);
      await expect(one.keys.tick()).rejects.toMatchObject({ code: 'store_unavailable' });
      await one.auth.issueAccessToken('ada');
      one.clock.advance(1);
      await expect(one.auth.issueAccessToken('ada')).rejects.toMatchObject({ code: 'keys_unavailable' });
      expect((await one.auth.verify(token, { revocation: false })).sub).toBe('ada');
    });
  });
}

interface Instance {
  readonly app: TestingModule;
  readonly clock: TestClock;
  readonly auth: AuthService;
  readonly keys: SigningKeys;
  readonly ring: KeyRing;
}
