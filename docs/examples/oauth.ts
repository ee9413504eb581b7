import { Injectable, Module } from '@nestjs/common';
import { AuthModule, type AuthHooks, type OAuthKnownUser, type OAuthUser } from 'nest-latchkey';
import { oauthLogin, type OAuthLogin } from 'nest-latchkey/passport';
import { oidc } from 'nest-latchkey/providers';

@Injectable()
class LoginHooks implements AuthHooks {
  /** Issuer and subject are who somebody is; an e-mail address can change hands. */
  async oauthUser({ identity }: OAuthLogin, { linkedTo }: OAuthKnownUser): Promise<OAuthUser | null> {
    return { user: linkedTo ?? `${identity.issuer} ${identity.subject}`, scope: { notes: true } };
  }
}

@Module({
  imports: [
    AuthModule.forRoot({
      publicUrl: 'https://app.example.com',
      jwt: { issuer: 'https://app.example.com', secret: process.env['AUTH_SECRET']! },
      session: {},
      hooks: LoginHooks,
      oauth: oauthLogin({
        providers: [
          oidc('corp', {
            issuer: 'https://sso.example.com',
            clientId: process.env['CORP_CLIENT_ID']!,
            clientSecret: process.env['CORP_CLIENT_SECRET']!,
          }),
        ],
        // the same to every process; `openssl rand -base64 32`
        encryptionKeys: [{ id: '2026', key: process.env['OAUTH_ENCRYPTION_KEY']! }],
      }),
    }),
  ],
})
export class OAuthModule {}
