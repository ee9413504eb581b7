import { oauthLogin } from 'nest-latchkey/passport';
import { oidc } from 'nest-latchkey/providers';

/** Where an application keeps what its customers have registered. */
export abstract class Tenants {
  abstract find(name: string): Promise<{ issuer: string; clientId: string; clientSecret: string } | null>;
}

export const tenantLogin = oauthLogin({
  inject: [Tenants],
  useFactory: (tenants: Tenants) => ({
    providersFactory: async (name: string) => {
      const tenant = await tenants.find(name);
      return tenant && oidc(name, tenant);
    },
  }),
});
