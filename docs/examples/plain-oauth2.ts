import { oauthLogin } from 'nest-latchkey/passport';
import { github, oauth2Provider } from 'nest-latchkey/providers';

export const oauth = oauthLogin({
  providers: [
    github(),
    oauth2Provider('forge', {
      authorizationEndpoint: 'https://forge.example.com/oauth/authorize',
      tokenEndpoint: 'https://forge.example.com/oauth/token',
      userinfoEndpoint: 'https://forge.example.com/api/me',
      clientId: process.env['FORGE_CLIENT_ID']!,
      clientSecret: process.env['FORGE_CLIENT_SECRET']!,
      scope: ['read'],
      identity: { subject: 'user.id', email: 'user.email' },
    }),
  ],
});
