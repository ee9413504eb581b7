import { oauthLogin } from 'nest-latchkey/passport';
import { jira, oauth1Provider } from 'nest-latchkey/providers';

export const oauth = oauthLogin({
  providers: [
    // JIRA_OAUTH_CONSUMER_KEY, and JIRA_OAUTH_RSA_KEY: PEM or its file
    jira({ baseUrl: 'https://jira.example.com' }),
    oauth1Provider('archive', {
      requestTokenEndpoint: 'https://archive.example.com/oauth/request_token',
      authorizationEndpoint: 'https://archive.example.com/oauth/authorize',
      accessTokenEndpoint: 'https://archive.example.com/oauth/access_token',
      userinfoEndpoint: 'https://archive.example.com/api/me',
      consumerKey: process.env['ARCHIVE_CONSUMER_KEY']!,
      consumerSecret: process.env['ARCHIVE_CONSUMER_SECRET']!,
      signatureMethod: 'HMAC-SHA256',
      identity: { subject: 'user.id' },
    }),
  ],
});
