import type { OAuthProviderOptions } from '../provider.options.js';
import { apple } from './apple.js';
import { atlassian } from './atlassian.js';
import { dexcom } from './dexcom.js';
import { digitalocean } from './digitalocean.js';
import { discord } from './discord.js';
import { dropbox } from './dropbox.js';
import { facebook } from './facebook.js';
import { fitbit } from './fitbit.js';
import { github } from './github.js';
import { gitlab } from './gitlab.js';
import { google } from './google.js';
import { heroku } from './heroku.js';
import { jira } from './jira.js';
import { linkedin } from './linkedin.js';
import { meetup } from './meetup.js';
import { microsoft } from './microsoft.js';
import { nylas } from './nylas.js';
import { orcid } from './orcid.js';
import { osm } from './osm.js';
import { reddit } from './reddit.js';
import { salesforce } from './salesforce.js';
import { slack } from './slack.js';
import { slackLogin } from './slack-login.js';
import { spotify } from './spotify.js';
import { strava } from './strava.js';
import { twitch } from './twitch.js';
import { twitter } from './twitter.js';
import { x } from './x.js';
import { zoho } from './zoho.js';

/** Every preset by its name: for a configuration that is read from somewhere. */
export const presets: Readonly<Record<string, (options?: object) => OAuthProviderOptions>> = {
  apple,
  atlassian,
  dexcom,
  digitalocean,
  discord,
  dropbox,
  facebook,
  fitbit,
  github,
  gitlab,
  google,
  heroku,
  jira,
  linkedin,
  meetup,
  microsoft,
  nylas,
  orcid,
  osm,
  reddit,
  salesforce,
  slack,
  slackLogin,
  spotify,
  strava,
  twitch,
  twitter,
  x,
  zoho,
};
