import { oauth2Preset, wanted, type OAuth2PresetOptions } from './preset.js';

export interface DiscordOptions extends OAuth2PresetOptions {
  prompt?: 'none' | 'consent';
  /** What a bot may do, where the scope holds `bot`. */
  permissions?: string;
}

/** Discord. `DISCORD_OAUTH_CLIENT_ID`, `DISCORD_OAUTH_CLIENT_SECRET`. */
export function discord({ prompt, permissions, ...given }: DiscordOptions = {}) {
  const data: OAuth2PresetOptions = {
    issuer: 'https://discord.com',
    authorizationEndpoint: 'https://discord.com/oauth2/authorize',
    tokenEndpoint: 'https://discord.com/api/oauth2/token',
    revocationEndpoint: 'https://discord.com/api/oauth2/token/revoke',
    userinfoEndpoint: 'https://discord.com/api/v10/users/@me',
    apiBaseUrl: 'https://discord.com/api/v10/',
    scope: ['identify', 'email'],
    tokenEndpointAuthMethod: 'client_secret_basic',
    identity: {
      subject: 'id',
      emailVerified: 'verified',
      name: 'global_name|username',
      picture: 'https://cdn.discordapp.com/avatars/{id}/{avatar}.png',
    },
    authorizationParams: wanted({ prompt, permissions }),
  };
  return oauth2Preset('discord', 'DISCORD', data, given);
}
