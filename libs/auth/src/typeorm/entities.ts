import { AuthRevocation1785542400000 } from './migrations/1785542400000-auth-revocation.js';
import { AuthSession1795219200000 } from './migrations/1795219200000-auth-session.js';
import { AuthSigningKey1795305600000 } from './migrations/1795305600000-auth-signing-key.js';
import { AuthOAuthFlow1795392000000 } from './migrations/1795392000000-auth-oauth-flow.js';
import { AuthOAuthGrant1795478400000 } from './migrations/1795478400000-auth-oauth-grant.js';
import { AuthOAuthLink1795564800000 } from './migrations/1795564800000-auth-oauth-link.js';
import { OAuthFlowEntity } from './oauth-flow.entity.js';
import { OAuthGrantEntity } from './oauth-grant.entity.js';
import { OAuthLinkEntity } from './oauth-link.entity.js';
import { RefreshTokenEntity } from './refresh-token.entity.js';
import { RefreshUseEntity } from './refresh-use.entity.js';
import { RevocationEntity } from './revocation.entity.js';
import { SessionEntity } from './session.entity.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** For `entities` of the DataSource, beside the application's own. */
export const authEntities = [
  RevocationEntity,
  RefreshUseEntity,
  SessionEntity,
  RefreshTokenEntity,
  SigningKeyEntity,
  OAuthFlowEntity,
  OAuthGrantEntity,
  OAuthLinkEntity,
];

/** For `migrations` of the DataSource, oldest first. They work on SQLite, PostgreSQL, MySQL and MariaDB. */
export const authMigrations = [
  AuthRevocation1785542400000,
  AuthSession1795219200000,
  AuthSigningKey1795305600000,
  AuthOAuthFlow1795392000000,
  AuthOAuthGrant1795478400000,
  AuthOAuthLink1795564800000,
];
