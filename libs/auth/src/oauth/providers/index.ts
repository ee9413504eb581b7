/**
 * Presets of well-known providers, and `oidc()`, `oauth2Provider()` and `oauth1Provider()` for all others.
 *
 * @module nest-latchkey/providers
 */
export { apple, type AppleOptions } from './apple.js';
export { atlassian } from './atlassian.js';
export { dexcom } from './dexcom.js';
export { digitalocean } from './digitalocean.js';
export { discord, type DiscordOptions } from './discord.js';
export { dropbox, type DropboxOptions } from './dropbox.js';
export { facebook, type FacebookOptions } from './facebook.js';
export { fitbit } from './fitbit.js';
export { github } from './github.js';
export { gitlab } from './gitlab.js';
export { google, type GoogleOptions } from './google.js';
export { heroku } from './heroku.js';
export { jira } from './jira.js';
export { linkedin } from './linkedin.js';
export { meetup } from './meetup.js';
export { microsoft, type MicrosoftOptions } from './microsoft.js';
export { nylas, type NylasOptions } from './nylas.js';
export { oauth1Provider } from './oauth1-provider.js';
export { oauth2Provider } from './oauth2-provider.js';
export { oidc } from './oidc.js';
export { orcid } from './orcid.js';
export { osm } from './osm.js';
export { presets } from './presets.js';
export { reddit, type RedditOptions } from './reddit.js';
export { salesforce, type SalesforceOptions } from './salesforce.js';
export { slack } from './slack.js';
export { slackLogin } from './slack-login.js';
export { spotify } from './spotify.js';
export { strava, type StravaOptions } from './strava.js';
export { twitch } from './twitch.js';
export { twitter } from './twitter.js';
export { x } from './x.js';
export { zoho, type ZohoOptions } from './zoho.js';
