import { oauth2Preset, type OAuth2PresetOptions } from './preset.js';

/** Meetup, whose API is GraphQL. `MEETUP_OAUTH_CLIENT_ID`, `MEETUP_OAUTH_CLIENT_SECRET`; or `…_KEY`, `…_SECRET`. */
export function meetup(given: OAuth2PresetOptions = {}) {
  const data: OAuth2PresetOptions = {
    authorizationEndpoint: 'https://secure.meetup.com/oauth2/authorize',
    tokenEndpoint: 'https://secure.meetup.com/oauth2/access',
    userinfoEndpoint: 'https://api.meetup.com/gql-ext',
    userinfoQuery: '{ self { id name email memberPhoto { baseUrl } } }',
    apiBaseUrl: 'https://api.meetup.com/gql-ext',
    scope: ['basic'],
    tokenEndpointAuthMethod: 'client_secret_post',
    // it documents no PKCE
    pkce: false,
    identity: {
      subject: 'data.self.id',
      email: 'data.self.email',
      name: 'data.self.name',
      picture: 'data.self.memberPhoto.baseUrl',
    },
    emailTrust: 'never',
  };
  return oauth2Preset('meetup', 'MEETUP', data, given, ['KEY', 'SECRET']);
}
