import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { Sealer } from '../../auth.sealer.js';
import type { OAuthGrantRow } from '../../stores/oauth-grant.store.js';
import { GrantVault } from './grant-vault.js';

describe('GrantVault', () => {
  const sealer = new Sealer('encryption.keys', [Sealer.newKey()]);
  const tokens = {
    accessToken: 'access',
    refreshToken: 'refresh',
    idToken: 'id',
    tokenSecret: undefined,
    refreshedAt: undefined,
  };
  const keyOf = (owner: string) => ({ owner, provider: 'forge', subject: '1' });
  const rowOf = (owner: string, sealed: string): OAuthGrantRow => ({
    ...keyOf(owner),
    sealed,
    issuer: 'https://forge.example',
    scope: '',
    status: 'active',
    expiresAt: null,
    createdAt: 0,
    updatedAt: 0,
    version: 1,
    leaseUntil: null,
  });
  const sealedFor = (vault: GrantVault, owner: string) => rowOf(owner, vault.seal(tokens, keyOf(owner)));

  afterEach(() => jest.restoreAllMocks());

  it('opens what is sent once, and gives nothing else of the grant', () => {
    const vault = new GrantVault(sealer);
    const row = sealedFor(vault, 'user:ada');
    const open = jest.spyOn(sealer, 'open');
    expect(vault.openToSend(row)).toEqual({ accessToken: 'access', tokenSecret: undefined });
    expect(vault.openToSend({ ...row })).toEqual({ accessToken: 'access', tokenSecret: undefined });
    expect(open).toHaveBeenCalledTimes(1);
  });

  it.each([{ owner: 'user:eve' }, { provider: 'other' }, { subject: '2' }])(
    'ST-03 does not send in the row of %j what it has opened in its own',
    (elsewhere) => {
      const vault = new GrantVault(sealer);
      const row = sealedFor(vault, 'user:ada');
      vault.openToSend(row);
      const moved = { ...row, ...elsewhere };
      expect(() => vault.openToSend(moved)).toThrow(expect.objectContaining({ code: 'keys_unavailable' }));
    },
  );

  it('prints none of them', () => {
    const vault = new GrantVault(sealer);
    vault.openToSend(sealedFor(vault, 'user:ada'));
    expect(inspect(vault, { depth: 9, showHidden: true })).not.toContain('access');
  });

  it('keeps those of 1,000 grants open at most', () => {
    const vault = new GrantVault(sealer);
    const [first, ...others] = Array.from({ length: 1_001 }, (_, index) => sealedFor(vault, `user:${index}`));
    for (const row of [first!, ...others]) vault.openToSend(row);
    const open = jest.spyOn(sealer, 'open');
    vault.openToSend(others[0]!);
    expect(open).not.toHaveBeenCalled();
    vault.openToSend(first!);
    expect(open).toHaveBeenCalledTimes(1);
  });
});
