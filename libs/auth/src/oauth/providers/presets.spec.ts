import { generateKeyPairSync } from 'node:crypto';
import { SystemClock } from '../../auth.clock.js';
import { oauth2Provider } from './oauth2-provider.js';
import * as entry from './index.js';
import { toProvider, type OAuth2Provider } from '../provider.js';
import type { OAuthProviderOptions } from '../provider.options.js';
import { identityIn } from '../userinfo-answer.js';

const { presets } = entry;
const client = { clientId: 'app', clientSecret: 'secret' };
/** PEM, for a provider that signs with it. */
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
});
/** What a provider of OAuth 1 wants in place of it. */
const clientsOf: Record<string, object> = {
  jira: { baseUrl: 'https://jira.example.com/', consumerKey: 'app', privateKey },
  twitter: { consumerKey: 'app', consumerSecret: 'secret' },
};
const { apple, atlassian, dexcom, discord, dropbox, facebook, github, gitlab, google, heroku, jira, meetup } = entry;
const { microsoft, nylas, orcid, reddit, salesforce, slack, slackLogin, spotify, strava, twitch, twitter, x, zoho } =
  entry;

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const team = { clientId: 'com.example.web', teamId: 'TEAM', privateKey: { key: pem as string, kid: 'KEY' } };

/** What the table of providers says, written out: a preset that changes has to change here too. */
const table: Record<string, Record<string, unknown>> = {
  facebook: {
    kind: 'oauth2',
    issuer: 'https://www.facebook.com',
    authorizationEndpoint: 'https://www.facebook.com/v25.0/dialog/oauth',
    tokenEndpoint: 'https://graph.facebook.com/v25.0/oauth/access_token',
    userinfoEndpoint: 'https://graph.facebook.com/v25.0/me?fields=id,name,email,picture',
    apiBaseUrl: 'https://graph.facebook.com/v25.0/',
    scope: ['email', 'public_profile'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: true,
    emailTrust: 'never',
    appSecretProof: true,
    identity: { subject: 'id', picture: 'picture.data.url' },
  },
  github: {
    kind: 'oauth2',
    issuer: 'https://github.com/login/oauth',
    authorizationEndpoint: 'https://github.com/login/oauth/authorize',
    tokenEndpoint: 'https://github.com/login/oauth/access_token',
    userinfoEndpoint: 'https://api.github.com/user',
    emailsPath: '/emails',
    apiBaseUrl: 'https://api.github.com/',
    scope: ['read:user', 'user:email'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: true,
    emailTrust: 'never',
    identity: { subject: 'id', name: 'name|login', picture: 'avatar_url' },
  },
  gitlab: {
    kind: 'oidc',
    issuer: 'https://gitlab.com',
    apiBaseUrl: 'https://gitlab.com/api/v4/',
    scope: ['openid', 'profile', 'email'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: true,
    emailTrust: 'claim',
  },
  google: {
    kind: 'oidc',
    issuer: 'https://accounts.google.com',
    apiBaseUrl: 'https://www.googleapis.com/',
    scope: ['openid', 'email', 'profile'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: true,
    emailTrust: 'claim',
    authoritativeEmail: { domains: ['gmail.com'], claim: 'hd' },
    requiredClaims: {},
  },
  x: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://x.com/i/oauth2/authorize',
    tokenEndpoint: 'https://api.x.com/2/oauth2/token',
    revocationEndpoint: 'https://api.x.com/2/oauth2/revoke',
    userinfoEndpoint: 'https://api.x.com/2/users/me?user.fields=profile_image_url,confirmed_email',
    apiBaseUrl: 'https://api.x.com/2/',
    scope: ['users.read', 'tweet.read', 'users.email', 'offline.access'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: true,
    emailTrust: 'always',
    identity: {
      subject: 'data.id',
      email: 'data.confirmed_email',
      name: 'data.name',
      picture: 'data.profile_image_url',
    },
  },
  twitter: {
    kind: 'oauth1',
    issuer: 'https://api.x.com',
    requestTokenEndpoint: 'https://api.x.com/oauth/request_token',
    authorizationEndpoint: 'https://api.x.com/oauth/authenticate',
    accessTokenEndpoint: 'https://api.x.com/oauth/access_token',
    userinfoEndpoint: 'https://api.x.com/1.1/account/verify_credentials.json?include_email=true&skip_status=true',
    apiBaseUrl: 'https://api.x.com/1.1/',
    signatureMethod: 'HMAC-SHA1',
    signatureType: 'header',
    emailTrust: 'always',
    authorizationParams: {},
    identity: { subject: 'id_str', email: 'email', name: 'name', picture: 'profile_image_url_https' },
  },
  jira: {
    kind: 'oauth1',
    issuer: 'https://jira.example.com',
    requestTokenEndpoint: 'https://jira.example.com/plugins/servlet/oauth/request-token',
    authorizationEndpoint: 'https://jira.example.com/plugins/servlet/oauth/authorize',
    accessTokenEndpoint: 'https://jira.example.com/plugins/servlet/oauth/access-token',
    userinfoEndpoint: 'https://jira.example.com/rest/api/2/myself',
    apiBaseUrl: 'https://jira.example.com/',
    signatureMethod: 'RSA-SHA1',
    signatureType: 'header',
    emailTrust: 'never',
    identity: { subject: 'key', email: 'emailAddress', name: 'displayName', picture: 'avatarUrls.48x48' },
  },
  apple: {
    kind: 'oidc',
    issuer: 'https://appleid.apple.com',
    scope: ['openid', 'email', 'name'],
    responseMode: 'form_post',
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: true,
    emailTrust: 'claim',
    nameParameter: 'user',
  },
  atlassian: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://auth.atlassian.com/authorize',
    tokenEndpoint: 'https://auth.atlassian.com/oauth/token',
    userinfoEndpoint: 'https://api.atlassian.com/me',
    apiBaseUrl: 'https://api.atlassian.com/',
    scope: ['read:me', 'offline_access'],
    tokenEndpointAuthMethod: 'client_secret_post',
    authorizationParams: { audience: 'api.atlassian.com' },
    pkce: true,
    emailTrust: 'never',
    identity: { subject: 'account_id' },
  },
  dropbox: {
    kind: 'oauth2',
    issuer: 'https://www.dropbox.com',
    authorizationEndpoint: 'https://www.dropbox.com/oauth2/authorize',
    tokenEndpoint: 'https://api.dropboxapi.com/oauth2/token',
    userinfoEndpoint: 'https://api.dropboxapi.com/2/users/get_current_account',
    userinfoMethod: 'POST',
    apiBaseUrl: 'https://api.dropboxapi.com/2/',
    scope: ['account_info.read'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: true,
    emailTrust: 'claim',
    identity: { subject: 'account_id', name: 'name.display_name', picture: 'profile_photo_url' },
  },
  meetup: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://secure.meetup.com/oauth2/authorize',
    tokenEndpoint: 'https://secure.meetup.com/oauth2/access',
    userinfoEndpoint: 'https://api.meetup.com/gql-ext',
    userinfoQuery: '{ self { id name email memberPhoto { baseUrl } } }',
    apiBaseUrl: 'https://api.meetup.com/gql-ext',
    scope: ['basic'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    emailTrust: 'never',
  },
  slack: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://slack.com/oauth/v2/authorize',
    tokenEndpoint: 'https://slack.com/api/oauth.v2.access',
    apiBaseUrl: 'https://slack.com/api/',
    scope: [],
    scopeSeparator: ',',
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: false,
    identityFrom: 'token',
    identity: { subject: '{team.id}:{authed_user.id}' },
    userTokenMember: 'authed_user',
    tokenTypeIsBearer: true,
  },
  slackLogin: {
    kind: 'oidc',
    issuer: 'https://slack.com',
    apiBaseUrl: 'https://slack.com/api/',
    scope: ['openid', 'email', 'profile'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    emailTrust: 'claim',
    realmClaim: 'https://slack.com/team_id',
  },
  microsoft: {
    kind: 'oidc',
    issuer: 'https://login.microsoftonline.com/common/v2.0',
    issuerTemplate: 'https://login.microsoftonline.com/{tenantid}/v2.0',
    apiBaseUrl: 'https://graph.microsoft.com/v1.0/',
    scope: ['openid', 'profile', 'email', 'User.Read', 'offline_access'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: true,
    emailTrust: 'never',
    requiredClaims: {},
  },
  nylas: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://api.us.nylas.com/v3/connect/auth',
    tokenEndpoint: 'https://api.us.nylas.com/v3/connect/token',
    apiBaseUrl: 'https://api.us.nylas.com/v3/',
    scope: [],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: true,
    emailTrust: 'never',
    identityFrom: 'token',
    identity: { subject: 'grant_id', email: 'email' },
  },
  spotify: {
    kind: 'oauth2',
    issuer: 'https://accounts.spotify.com',
    authorizationEndpoint: 'https://accounts.spotify.com/authorize',
    tokenEndpoint: 'https://accounts.spotify.com/api/token',
    userinfoEndpoint: 'https://api.spotify.com/v1/me',
    apiBaseUrl: 'https://api.spotify.com/v1/',
    scope: ['user-read-email'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: true,
    emailTrust: 'never',
    identity: { subject: 'id', name: 'display_name', picture: 'images.0.url' },
  },
  discord: {
    kind: 'oauth2',
    issuer: 'https://discord.com',
    authorizationEndpoint: 'https://discord.com/oauth2/authorize',
    tokenEndpoint: 'https://discord.com/api/oauth2/token',
    revocationEndpoint: 'https://discord.com/api/oauth2/token/revoke',
    userinfoEndpoint: 'https://discord.com/api/v10/users/@me',
    apiBaseUrl: 'https://discord.com/api/v10/',
    scope: ['identify', 'email'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: true,
    emailTrust: 'claim',
    identity: {
      subject: 'id',
      emailVerified: 'verified',
      name: 'global_name|username',
      picture: 'https://cdn.discordapp.com/avatars/{id}/{avatar}.png',
    },
  },
  dexcom: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://api.dexcom.com/v2/oauth2/login',
    tokenEndpoint: 'https://api.dexcom.com/v2/oauth2/token',
    userinfoEndpoint: 'https://api.dexcom.com/v3/users/self/dataRange',
    apiBaseUrl: 'https://api.dexcom.com/v3/',
    scope: ['offline_access'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    emailTrust: 'never',
    identity: { subject: 'userId' },
  },
  digitalocean: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://cloud.digitalocean.com/v1/oauth/authorize',
    tokenEndpoint: 'https://cloud.digitalocean.com/v1/oauth/token',
    userinfoEndpoint: 'https://api.digitalocean.com/v2/account',
    apiBaseUrl: 'https://api.digitalocean.com/v2/',
    scope: ['read'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    emailTrust: 'claim',
    identity: { subject: 'account.uuid', email: 'account.email', name: 'account.name' },
  },
  linkedin: {
    kind: 'oauth2',
    issuer: 'https://www.linkedin.com/oauth',
    authorizationEndpoint: 'https://www.linkedin.com/oauth/v2/authorization',
    tokenEndpoint: 'https://www.linkedin.com/oauth/v2/accessToken',
    userinfoEndpoint: 'https://api.linkedin.com/v2/userinfo',
    apiBaseUrl: 'https://api.linkedin.com/',
    scope: ['openid', 'profile', 'email'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    emailTrust: 'claim',
    identity: { subject: 'sub' },
  },
  orcid: {
    kind: 'oidc',
    issuer: 'https://orcid.org',
    apiBaseUrl: 'https://pub.orcid.org/v3.0/',
    scope: ['openid'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    emailTrust: 'never',
  },
  osm: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://www.openstreetmap.org/oauth2/authorize',
    tokenEndpoint: 'https://www.openstreetmap.org/oauth2/token',
    userinfoEndpoint: 'https://api.openstreetmap.org/api/0.6/user/details.json',
    apiBaseUrl: 'https://api.openstreetmap.org/api/0.6/',
    scope: ['read_prefs'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: true,
    emailTrust: 'never',
    identity: { subject: 'user.id', name: 'user.display_name', picture: 'user.img.href' },
  },
  salesforce: {
    kind: 'oidc',
    issuer: 'https://login.salesforce.com',
    apiBaseUrl: 'https://login.salesforce.com/',
    scope: ['openid', 'email', 'profile'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: true,
    emailTrust: 'claim',
  },
  heroku: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://id.heroku.com/oauth/authorize',
    tokenEndpoint: 'https://id.heroku.com/oauth/token',
    userinfoEndpoint: 'https://api.heroku.com/account',
    apiBaseUrl: 'https://api.heroku.com/',
    requestHeaders: { Accept: 'application/vnd.heroku+json; version=3' },
    scope: ['identity'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    emailTrust: 'never',
    identity: { subject: 'id' },
  },
  reddit: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://www.reddit.com/api/v1/authorize',
    tokenEndpoint: 'https://www.reddit.com/api/v1/access_token',
    userinfoEndpoint: 'https://oauth.reddit.com/api/v1/me?raw_json=1',
    apiBaseUrl: 'https://oauth.reddit.com/',
    requestHeaders: { 'User-Agent': 'web:nest-latchkey' },
    scope: ['identity'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: false,
    emailTrust: 'never',
    identity: { subject: 'id', picture: 'icon_img' },
    authorizationParams: {},
  },
  twitch: {
    kind: 'oidc',
    issuer: 'https://id.twitch.tv/oauth2',
    apiBaseUrl: 'https://api.twitch.tv/helix/',
    requestHeaders: { 'Client-Id': 'app' },
    scope: ['openid', 'user:read:email'],
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    emailTrust: 'claim',
    tokenErrorMember: 'message',
    authorizationParams: {
      claims: '{"id_token":{"email":null,"email_verified":null,"preferred_username":null,"picture":null}}',
    },
  },
  zoho: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://accounts.zoho.com/oauth/v2/auth',
    tokenEndpoint: 'https://accounts.zoho.com/oauth/v2/token',
    userinfoEndpoint: 'https://accounts.zoho.com/oauth/user/info',
    apiBaseUrl: 'https://www.zohoapis.com/',
    scope: ['AaaServer.profile.READ'],
    scopeSeparator: ',',
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    apiTokenScheme: 'Zoho-oauthtoken',
    emailTrust: 'never',
    identity: { subject: 'ZUID', email: 'Email', name: 'Display_Name' },
    authorizationParams: {},
  },
  fitbit: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://www.fitbit.com/oauth2/authorize',
    tokenEndpoint: 'https://api.fitbit.com/oauth2/token',
    userinfoEndpoint: 'https://api.fitbit.com/1/user/-/profile.json',
    apiBaseUrl: 'https://api.fitbit.com/',
    scope: ['profile'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    pkce: true,
    emailTrust: 'never',
    identity: { subject: 'user.encodedId', name: 'user.displayName', picture: 'user.avatar' },
    tokenErrorMember: 'errors.0.errorType',
  },
  strava: {
    kind: 'oauth2',
    issuer: undefined,
    authorizationEndpoint: 'https://www.strava.com/oauth/authorize',
    tokenEndpoint: 'https://www.strava.com/oauth/token',
    userinfoEndpoint: 'https://www.strava.com/api/v3/athlete',
    apiBaseUrl: 'https://www.strava.com/api/v3/',
    scope: ['read'],
    scopeSeparator: ',',
    scopeInResponse: true,
    tokenEndpointAuthMethod: 'client_secret_post',
    pkce: false,
    emailTrust: 'never',
    identityFrom: 'token',
    identity: {
      subject: 'athlete.id',
      name: '{athlete.firstname} {athlete.lastname}',
      picture: 'athlete.profile',
    },
    tokenErrorMember: 'errors.0.resource',
    authorizationParams: {},
  },
};

const checked = (given: OAuthProviderOptions) => toProvider('p', given, 'https://app.example.com', new SystemClock());

describe('presets', () => {
  it('O62 are all in the table, under their names', () => {
    expect(Object.keys(presets).toSorted()).toEqual(Object.keys(table).toSorted());
    for (const [name, preset] of Object.entries(presets)) {
      expect(preset).toBe((entry as Record<string, unknown>)[name]);
      expect(preset().name).toBe(name);
    }
  });

  it.each(Object.keys(table))('O62 %s is as the table of providers has it', (name) => {
    const given = presets[name]!(name === 'apple' ? team : (clientsOf[name] ?? client));
    const { tokenEndpointAuthMethod, ...expected } = table[name]!;
    expect(checked(given)).toMatchObject(expected);
    // one that is not in the table may not be one of RFC 7009
    if (expected.kind === 'oauth2')
      expect(checked(given)).toHaveProperty('revocationEndpoint', expected.revocationEndpoint);
    expect('tokenEndpointAuthMethod' in given ? given.tokenEndpointAuthMethod : undefined).toBe(
      tokenEndpointAuthMethod,
    );
  });

  it.each<[string, object, object]>([
    [
      'dexcom',
      { recordType: 'dataRange', recordVersion: '3.0', userId: '5b329ebc', egvs: { start: {}, end: {} } },
      { subject: '5b329ebc', email: undefined, emailVerified: false, name: undefined, picture: undefined },
    ],
    [
      'digitalocean',
      {
        account: {
          uuid: 'b6fr89dbf6d9156cace5f3c78dc9851d957381ef',
          email: 'sammy@example.com',
          email_verified: true,
          name: 'Sammy Shark',
          status: 'active',
          team: { uuid: '5df3e3004a17e242b7c20ca6c9fc25b701a47ece', name: 'My Team' },
        },
      },
      {
        subject: 'b6fr89dbf6d9156cace5f3c78dc9851d957381ef',
        email: 'sammy@example.com',
        emailVerified: true,
        name: 'Sammy Shark',
        picture: undefined,
      },
    ],
    [
      'digitalocean',
      { account: { uuid: '1', email: 'sammy@example.com', email_verified: false }, email_verified: true },
      { subject: '1', emailVerified: false },
    ],
    [
      'linkedin',
      {
        sub: '782bbtaQ',
        name: 'John Doe',
        given_name: 'John',
        family_name: 'Doe',
        picture: 'https://media.licdn.com/dms/image/1/profile.jpg',
        locale: { country: 'US', language: 'en' },
        email: 'doe@example.com',
        email_verified: true,
      },
      {
        subject: '782bbtaQ',
        email: 'doe@example.com',
        emailVerified: true,
        name: 'John Doe',
        picture: 'https://media.licdn.com/dms/image/1/profile.jpg',
      },
    ],
    ['linkedin', { sub: '1', email: 'doe@example.com' }, { email: 'doe@example.com', emailVerified: false }],
    [
      'heroku',
      {
        allow_tracking: true,
        email: 'username@example.com',
        id: '01234567-89ab-cdef-0123-456789abcdef',
        name: 'Tina Edmonds',
        verified: true,
      },
      {
        subject: '01234567-89ab-cdef-0123-456789abcdef',
        email: 'username@example.com',
        emailVerified: false,
        name: 'Tina Edmonds',
        picture: undefined,
      },
    ],
    [
      'reddit',
      {
        id: 'w7fyu',
        name: 'spez',
        has_verified_email: true,
        oauth_client_id: 'app',
        icon_img: 'https://styles.redditmedia.com/t5/icon.png?width=256&s=1',
      },
      {
        subject: 'w7fyu',
        email: undefined,
        emailVerified: false,
        name: 'spez',
        picture: 'https://styles.redditmedia.com/t5/icon.png?width=256&s=1',
      },
    ],
    [
      'osm',
      {
        version: '0.6',
        user: {
          id: 1234,
          display_name: 'Max Muster',
          account_created: '2006-07-21T19:28:26Z',
          img: { href: 'https://www.gravatar.com/avatar/256.jpg' },
        },
      },
      {
        subject: '1234',
        email: undefined,
        emailVerified: false,
        name: 'Max Muster',
        picture: 'https://www.gravatar.com/avatar/256.jpg',
      },
    ],
    [
      'fitbit',
      {
        user: {
          encodedId: '257V3V',
          displayName: 'Fitbit U.',
          fullName: 'Fitbit User',
          avatar: 'https://static0.fitbit.com/images/profile/defaultProfile_100.png',
        },
      },
      {
        subject: '257V3V',
        email: undefined,
        emailVerified: false,
        name: 'Fitbit U.',
        picture: 'https://static0.fitbit.com/images/profile/defaultProfile_100.png',
      },
    ],
    [
      'strava',
      {
        token_type: 'Bearer',
        expires_at: 1568775134,
        expires_in: 21600,
        athlete: {
          id: 134815,
          username: 'marianne_t',
          firstname: 'Marianne',
          lastname: 'Teutenberg',
          profile: 'https://xxxxx.cloudfront.net/pictures/athletes/134815/large.jpg',
        },
      },
      {
        subject: '134815',
        email: undefined,
        emailVerified: false,
        name: 'Marianne Teutenberg',
        picture: 'https://xxxxx.cloudfront.net/pictures/athletes/134815/large.jpg',
      },
    ],
    [
      'zoho',
      {
        First_Name: 'Ada',
        Email: 'ada@example.com',
        Last_Name: 'King',
        Display_Name: 'Ada King',
        ZUID: 690123456,
        email_verified: true,
      },
      {
        subject: '690123456',
        email: 'ada@example.com',
        emailVerified: false,
        name: 'Ada King',
        picture: undefined,
      },
    ],
  ])('O62 %s says who it is', (name, answer, expected) => {
    const { identity, emailTrust } = checked(presets[name]!(client)) as OAuth2Provider;
    expect(identityIn(answer, { issuer: 'its', identity, emailTrust }, 'userinfo')).toMatchObject(expected);
  });

  it('O42 sends no token of another token endpoint to where those of the preset are revoked', () => {
    const elsewhere = { ...client, tokenEndpoint: 'https://proxy.example/token' };
    expect(checked(discord(elsewhere))).toMatchObject({ revocationEndpoint: undefined });
    const revocationEndpoint = 'https://proxy.example/revoke';
    expect(checked(discord({ ...elsewhere, revocationEndpoint }))).toMatchObject({ revocationEndpoint });
  });

  it.each<[string, OAuthProviderOptions, object]>([
    [
      'facebook, version',
      facebook({ version: 'v26.0' }),
      {
        issuer: 'https://www.facebook.com',
        authorizationEndpoint: 'https://www.facebook.com/v26.0/dialog/oauth',
        tokenEndpoint: 'https://graph.facebook.com/v26.0/oauth/access_token',
      },
    ],
    ['facebook, rerequest', facebook({ rerequest: true }), { authorizationParams: { auth_type: 'rerequest' } }],
    ['facebook, nothing', facebook(), { authorizationParams: {} }],
    [
      'github, hostname',
      github({ hostname: 'git.example.com' }),
      {
        issuer: 'https://git.example.com/login/oauth',
        authorizationEndpoint: 'https://git.example.com/login/oauth/authorize',
        tokenEndpoint: 'https://git.example.com/login/oauth/access_token',
        userinfoEndpoint: 'https://git.example.com/api/v3/user',
        apiBaseUrl: 'https://git.example.com/api/v3/',
      },
    ],
    [
      'gitlab, baseUrl',
      gitlab({ baseUrl: 'https://example.com/git' }),
      { issuer: 'https://example.com/git', apiBaseUrl: 'https://example.com/git/api/v4/' },
    ],
    [
      'google, all',
      google({
        offline: true,
        prompt: ['consent', 'select_account'],
        hostedDomain: 'example.com',
        includeGrantedScopes: true,
      }),
      {
        requiredClaims: { hd: ['example.com'] },
        authorizationParams: {
          access_type: 'offline',
          prompt: 'consent select_account',
          hd: 'example.com',
          include_granted_scopes: 'true',
        },
      },
    ],
    [
      'atlassian, prompt',
      atlassian({ prompt: 'consent' }),
      { authorizationParams: { audience: 'api.atlassian.com', prompt: 'consent' } },
    ],
    [
      'dexcom, hostname',
      dexcom({ hostname: 'sandbox-api.dexcom.com' }),
      {
        authorizationEndpoint: 'https://sandbox-api.dexcom.com/v2/oauth2/login',
        tokenEndpoint: 'https://sandbox-api.dexcom.com/v2/oauth2/token',
        userinfoEndpoint: 'https://sandbox-api.dexcom.com/v3/users/self/dataRange',
        apiBaseUrl: 'https://sandbox-api.dexcom.com/v3/',
      },
    ],
    [
      'dropbox, all',
      dropbox({
        offline: true,
        forceReapprove: true,
        disableSignup: true,
        requireRole: 'work',
        includeGrantedScopes: true,
      }),
      {
        authorizationParams: {
          token_access_type: 'offline',
          force_reapprove: 'true',
          disable_signup: 'true',
          require_role: 'work',
          include_granted_scopes: 'user',
        },
      },
    ],
    [
      'slack, team',
      slack({ team: 'T1', userScope: ['identity.basic'] }),
      { authorizationParams: { team: 'T1' }, userScope: ['identity.basic'] },
    ],
    ['slackLogin, team', slackLogin({ team: 'T1' }), { authorizationParams: { team: 'T1' } }],
    [
      'microsoft, tenant',
      microsoft({ tenant: 'f8cdef31-a31e-4b4a-93e4-5f571e91255a' }),
      {
        issuer: 'https://login.microsoftonline.com/f8cdef31-a31e-4b4a-93e4-5f571e91255a/v2.0',
        issuerTemplate: undefined,
      },
    ],
    [
      'microsoft, consumers',
      microsoft({ tenant: 'consumers' }),
      {
        issuer: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
        issuerTemplate: undefined,
      },
    ],
    [
      'microsoft, some tenants of another cloud',
      microsoft({ tenant: 'organizations', tenants: ['a', 'b'], authority: 'https://login.microsoftonline.us' }),
      {
        issuer: 'https://login.microsoftonline.us/organizations/v2.0',
        issuerTemplate: 'https://login.microsoftonline.us/{tenantid}/v2.0',
        requiredClaims: { tid: ['a', 'b'] },
      },
    ],
    [
      'microsoft, hints',
      microsoft({ prompt: 'login', domainHint: 'example.com', loginHint: 'bob@example.com' }),
      { authorizationParams: { prompt: 'login', domain_hint: 'example.com', login_hint: 'bob@example.com' } },
    ],
    [
      'nylas, all',
      nylas({ region: 'eu', provider: 'google', offline: true }),
      {
        authorizationEndpoint: 'https://api.eu.nylas.com/v3/connect/auth',
        tokenEndpoint: 'https://api.eu.nylas.com/v3/connect/token',
        apiBaseUrl: 'https://api.eu.nylas.com/v3/',
        authorizationParams: { provider: 'google', access_type: 'offline' },
      },
    ],
    [
      'heroku, apiVersion',
      heroku({ apiVersion: '3.sdk' }),
      { requestHeaders: { Accept: 'application/vnd.heroku+json; version=3.sdk' } },
    ],
    [
      'reddit, all',
      reddit({ permanent: true, userAgent: 'web:com.example.app:v1 (by /u/ada)' }),
      {
        requestHeaders: { 'User-Agent': 'web:com.example.app:v1 (by /u/ada)' },
        authorizationParams: { duration: 'permanent' },
      },
    ],
    [
      'orcid, hostname',
      orcid({ hostname: 'sandbox.orcid.org' }),
      { issuer: 'https://sandbox.orcid.org', apiBaseUrl: 'https://pub.sandbox.orcid.org/v3.0/' },
    ],
    [
      'salesforce, all',
      salesforce({ hostname: 'example.my.salesforce.com', prompt: 'consent' }),
      {
        issuer: 'https://example.my.salesforce.com',
        apiBaseUrl: 'https://example.my.salesforce.com/',
        authorizationParams: { prompt: 'consent' },
      },
    ],
    ['twitter, forceLogin', twitter({ forceLogin: true }), { authorizationParams: { force_login: 'true' } }],
    [
      'twitter, asking every time',
      twitter({ authorizationEndpoint: 'https://api.x.com/oauth/authorize' }),
      { authorizationEndpoint: 'https://api.x.com/oauth/authorize', issuer: 'https://api.x.com' },
    ],
    ['jira, a path', jira({ baseUrl: 'https://example.com/jira' }), { apiBaseUrl: 'https://example.com/jira/' }],
    ['spotify, showDialog', spotify({ showDialog: true }), { authorizationParams: { show_dialog: 'true' } }],
    [
      'discord, all',
      discord({ prompt: 'none', permissions: '8' }),
      { authorizationParams: { prompt: 'none', permissions: '8' } },
    ],
    [
      'meetup, a parameter and a scope',
      meetup({ authorizationParams: { a: 'b' }, scope: ['ageless'] }),
      { authorizationParams: { a: 'b' }, scope: ['ageless'] },
    ],
    [
      'atlassian, a parameter more',
      atlassian({ authorizationParams: { audience: 'other', a: 'b' } }),
      { authorizationParams: { audience: 'other', a: 'b' } },
    ],
    [
      'strava, approvalPrompt',
      strava({ approvalPrompt: 'force' }),
      { authorizationParams: { approval_prompt: 'force' } },
    ],
    [
      'zoho, all',
      zoho({ dataCenter: 'ca', offline: true, prompt: 'consent' }),
      {
        authorizationEndpoint: 'https://accounts.zohocloud.ca/oauth/v2/auth',
        tokenEndpoint: 'https://accounts.zohocloud.ca/oauth/v2/token',
        userinfoEndpoint: 'https://accounts.zohocloud.ca/oauth/user/info',
        apiBaseUrl: 'https://www.zohoapis.ca/',
        authorizationParams: { access_type: 'offline', prompt: 'consent' },
      },
    ],
    ['x, a name', x({ name: 'twitter' }), { name: 'twitter', kind: 'oauth2' }],
  ])('O62 takes its options: %s', (_what, given, expected) => {
    expect(given).toMatchObject(expected);
    const { baseUrl: _made, ...ofOAuth1 } = { baseUrl: '', ...clientsOf[given.name] };
    const whole = { ...given, ...(given.kind === 'oauth1' ? ofOAuth1 : client) };
    expect(checked(whole as OAuthProviderOptions)).toMatchObject(expected);
  });

  it.each<[string, object, string, RegExp]>([
    ['no team', { teamId: undefined }, 'clientSecretIssuer', /is missing.*teamId/],
    ['no key', { privateKey: undefined }, 'privateKey', /is missing: give \{ key, kid \}/],
    ['no id of the key', { privateKey: { key: pem } }, 'privateKey.kid', /is missing/],
    [
      'a key of another curve',
      { privateKey: { key: pem, kid: 'KEY', algorithm: 'ES384' } },
      'privateKey.key',
      /P-384|secp384r1/,
    ],
    ['another method', { tokenEndpointAuthMethod: 'private_key_jwt' }, 'tokenEndpointAuthMethod', /client_secret_post/],
  ])('O64 apple is refused with %s', (_what, options, option, problem) => {
    const make = () => checked(apple({ ...team, ...options }));
    expect(make).toThrow(expect.objectContaining({ option: `p.${option}`, message: expect.stringMatching(problem) }));
  });

  it('O62 apple takes its key, or a secret that was made before', () => {
    expect(checked(apple(team))).toMatchObject({ client: { client_id: 'com.example.web' } });
    expect(checked(apple(client))).toMatchObject({ client: { client_id: 'app' } });
  });

  it.each(['evil.example', 'constructor', ''])('O64 zoho has no data center %j', (dataCenter) => {
    expect(() => checked(zoho({ ...client, dataCenter: dataCenter as never }))).toThrow(
      expect.objectContaining({ option: expect.stringMatching(/Endpoint$/) }),
    );
  });

  it('O62 asks for the secret that its provider knows', () => {
    expect(() => checked(github({ clientId: 'app' }))).toThrow(
      expect.objectContaining({ option: 'p.clientSecret', message: expect.stringMatching(/is missing/) }),
    );
    expect(checked(github({ clientId: 'app', tokenEndpointAuthMethod: 'none' }))).toMatchObject({ clientId: 'app' });
  });

  it('O62 reads an identity that is given from the userinfo answer, whatever the preset does', () => {
    expect(slack({ identity: { subject: 'user.id' } })).toMatchObject({
      identityFrom: 'userinfo',
      identity: { subject: 'user.id' },
    });
  });

  it('takes no template for another issuer than its own', () => {
    expect(microsoft({ issuer: 'https://sso.example.com' })).toMatchObject({ issuerTemplate: undefined });
  });

  describe('with a client in the environment', () => {
    const namedAlike = Object.keys(presets).filter(
      (name) => !['jira', 'microsoft', 'slackLogin', 'twitter'].includes(name),
    );
    const names: [string, string][] = [
      ...namedAlike.map((name): [string, string] => [name, name.toUpperCase()]),
      ['microsoft', 'AZURE'],
      ['slackLogin', 'SLACK_LOGIN'],
    ];

    const withVariables = <T>(variables: Record<string, string>, work: () => T): T => {
      const before = process.env;
      process.env = variables;
      try {
        return work();
      } finally {
        process.env = before;
      }
    };

    it.each([
      ['dropbox', 'DROPBOX_OAUTH_APP_KEY', 'DROPBOX_OAUTH_APP_SECRET'],
      ['meetup', 'MEETUP_OAUTH_KEY', 'MEETUP_OAUTH_SECRET'],
    ])('%s takes that of %s and %s too, and never half of it', (name, id, secret) => {
      const older = { [id]: 'older', [secret]: 'secret' };
      withVariables(older, () => {
        expect(presets[name]!()).toMatchObject({ clientId: 'older', clientSecret: 'secret' });
        expect(presets[name]!({ clientId: 'mine' })).toMatchObject({ clientSecret: undefined });
      });
      withVariables({ ...older, [`${name.toUpperCase()}_OAUTH_CLIENT_ID`]: 'newer' }, () => {
        expect(presets[name]!()).toMatchObject({ clientId: 'newer', clientSecret: undefined });
      });
    });

    it('apple takes team and key of APPLE_OAUTH_…', () => {
      const variables = {
        APPLE_OAUTH_CLIENT_ID: 'of-the',
        APPLE_OAUTH_TEAM_ID: 'TEAM',
        APPLE_OAUTH_KEY_ID: 'KEY',
        APPLE_OAUTH_PRIVATE_KEY: String(pem).replaceAll('\n', '\\n'),
      };
      withVariables(variables, () => {
        expect(apple()).toMatchObject({
          clientId: 'of-the',
          clientSecretIssuer: 'TEAM',
          privateKey: { key: pem, kid: 'KEY' },
        });
        expect(checked(apple())).toMatchObject({ client: { client_id: 'of-the' } });
        expect(apple({ clientId: 'mine' })).toMatchObject({ clientSecretIssuer: '', privateKey: undefined });
      });
    });

    it.each(names)('%s takes that of %s_OAUTH_CLIENT_ID and _SECRET', (name, prefix) => {
      const variables = { [`${prefix}_OAUTH_CLIENT_ID`]: 'of-the', [`${prefix}_OAUTH_CLIENT_SECRET`]: 'environment' };
      withVariables(variables, () => {
        expect(presets[name]!()).toMatchObject({ clientId: 'of-the', clientSecret: 'environment' });
        expect(presets[name]!({ clientId: 'mine' })).toMatchObject({ clientId: 'mine', clientSecret: undefined });
      });
    });

    it('twitch names it in its header, too', () => {
      withVariables({ TWITCH_OAUTH_CLIENT_ID: 'of-the', TWITCH_OAUTH_CLIENT_SECRET: 'environment' }, () => {
        expect(twitch()).toMatchObject({ requestHeaders: { 'Client-Id': 'of-the' } });
        expect(twitch({ clientId: 'mine' })).toMatchObject({ requestHeaders: { 'Client-Id': 'mine' } });
      });
    });

    it.each<[string, Record<string, string>, object]>([
      [
        'twitter',
        { TWITTER_OAUTH_CLIENT_KEY: 'of-the', TWITTER_OAUTH_CLIENT_SECRET: 'environment' },
        { consumerKey: 'of-the', consumerSecret: 'environment' },
      ],
      [
        'twitter',
        { TWITTER_OAUTH_API_KEY: 'of-the', TWITTER_OAUTH_API_SECRET: 'environment' },
        { consumerKey: 'of-the', consumerSecret: 'environment' },
      ],
      [
        'jira',
        { JIRA_OAUTH_CONSUMER_KEY: 'of-the', JIRA_OAUTH_RSA_KEY: 'environment' },
        { consumerKey: 'of-the', privateKey: 'environment' },
      ],
    ])('%s takes that of %j', (name, variables, expected) => {
      withVariables(variables, () => {
        expect(presets[name]!()).toMatchObject(expected);
        const mine = presets[name]!({ consumerKey: 'mine' });
        expect(mine).toHaveProperty('consumerKey', 'mine');
        expect(Object.values(mine)).not.toContain('environment');
      });
    });
  });
});

describe('oauth2Provider()', () => {
  const good = {
    ...client,
    authorizationEndpoint: 'https://a.example/authorize',
    tokenEndpoint: 'https://a.example/token',
    userinfoEndpoint: 'https://a.example/me',
  };

  it.each<[string, object, string, RegExp]>([
    ['no authorizationEndpoint', { authorizationEndpoint: undefined }, 'authorizationEndpoint', /./],
    ['no tokenEndpoint', { tokenEndpoint: '' }, 'tokenEndpoint', /./],
    ['no userinfoEndpoint', { userinfoEndpoint: undefined }, 'userinfoEndpoint', /is missing/],
    ['a path', { tokenEndpoint: '/token' }, 'tokenEndpoint', /must be a URL/],
    ['a script', { authorizationEndpoint: 'javascript:alert(1)' }, 'authorizationEndpoint', /is not https/],
    ['plain http', { tokenEndpoint: 'http://a.example/token' }, 'tokenEndpoint', /is not https/],
    ['plain http on loopback', { apiBaseUrl: 'http://127.0.0.1/' }, 'apiBaseUrl', /set allowInsecureLoopback/],
    ['a password in a URL', { userinfoEndpoint: 'https://a:b@a.example/' }, 'userinfoEndpoint', /must be a URL/],
    ['a word for an issuer', { issuer: 'none' }, 'issuer', /must be the issuer's URL/],
    ['another separator', { scopeSeparator: ';' }, 'scopeSeparator', /must be ' ' or ','/],
    ['a user scope of two words', { userScope: ['a b'] }, 'userScope', /list of scope values/],
    ['a typo in identity', { identity: { sub: 'id' } }, 'identity.sub', /is no option/],
    ['a number for a path', { identity: { subject: 5 } }, 'identity', /object of texts/],
    [
      'a proof in its headers',
      { requestHeaders: { AUTHORIZATION: 'Basic a' } },
      'requestHeaders.AUTHORIZATION',
      /is reserved/,
    ],
    ['a cookie in its headers', { requestHeaders: { cookie: 'a=b' } }, 'requestHeaders.cookie', /is reserved/],
    ['another host in its headers', { requestHeaders: { Host: 'b.example' } }, 'requestHeaders.Host', /is reserved/],
    ...['Expect', 'Upgrade', 'Keep-Alive', 'DPoP'].map((name): [string, object, string, RegExp] => [
      `a header that nothing can be sent with, or that says how: ${name}`,
      { requestHeaders: { [name]: 'a' } },
      `requestHeaders.${name}`,
      /is reserved/,
    ]),
    ['a header of two lines', { requestHeaders: { 'X-A': 'a\r\nX-B: b' } }, 'requestHeaders', /must hold headers/],
    ['a header with a space in its name', { requestHeaders: { 'X A': 'a' } }, 'requestHeaders', /must hold headers/],
    ['a header without a value', { requestHeaders: { 'X-A': undefined } }, 'requestHeaders', /object of texts/],
    ['a scheme of two words', { apiTokenScheme: 'Basic a' }, 'apiTokenScheme', /must be one word/],
    ['words that are none', { tokenErrors: { a: 5 } }, 'tokenErrors', /object of texts/],
    ['an unknown option', { userInfoEndpoint: 'x' }, 'userInfoEndpoint', /is no option/],
    ['a proof without a secret', { clientSecret: undefined, appSecretProof: true }, 'clientSecret', /appSecretProof/],
    ['pkce by word', { pkce: 'no' }, 'pkce', /./],
    ['null for a secret', { clientSecret: null }, 'clientSecret', /must not be null/],
    ['null for a member', { userTokenMember: null }, 'userTokenMember', /must not be null/],
    ['a key for nobody', { clientSecret: undefined, privateKey: { key: pem } }, 'issuer', /privateKey signs is made/],
    [
      'a key for whoever it is',
      { clientSecret: undefined, privateKey: { key: pem }, issuer: 'ignore' },
      'issuer',
      /privateKey signs is made/,
    ],
    [
      'a secret that is signed for nobody',
      { clientSecret: undefined, privateKey: { key: pem, kid: 'KEY' }, clientSecretIssuer: 'TEAM' },
      'issuer',
      /privateKey signs is made/,
    ],
    ['a method without its key', { tokenEndpointAuthMethod: 'private_key_jwt' }, 'privateKey', /is missing/],
  ])('O64 is refused with %s', (_what, options, option, problem) => {
    const make = () => checked(oauth2Provider('plain', { ...good, ...options } as never));
    expect(make).toThrow(expect.objectContaining({ option: `p.${option}`, message: expect.stringMatching(problem) }));
    expect(make).not.toThrow(/secret'/);
  });

  it('O64 takes one that is right', () => {
    expect(checked(oauth2Provider('plain', good))).toMatchObject({ name: 'plain', scope: [], pkce: true });
  });
});
