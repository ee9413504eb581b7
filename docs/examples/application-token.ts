import { Injectable } from '@nestjs/common';
import { OAuthGrants, oauthLogin } from 'nest-latchkey/passport';
import { oidc } from 'nest-latchkey/providers';

export const oauth = oauthLogin({
  providers: [
    oidc('corp', {
      issuer: 'https://sso.example.com',
      clientId: process.env['CORP_CLIENT_ID']!,
      clientSecret: process.env['CORP_CLIENT_SECRET']!,
      apiBaseUrl: 'https://api.example.com/',
      applicationScope: ['reports.read'],
    }),
  ],
});

@Injectable()
export class Reports {
  constructor(private readonly grants: OAuthGrants) {}

  /** The first call gets the token. */
  latest(): Promise<{ title: string }[]> {
    return this.grants.client('corp', { kind: 'app' }).json('reports?per_page=5');
  }
}
