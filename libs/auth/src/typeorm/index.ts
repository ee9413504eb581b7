/**
 * Stores, entities and migrations. Needs typeorm and @nestjs/typeorm.
 *
 * @module nest-latchkey/typeorm
 */
export { typeormStores } from './typeorm.stores.js';
export type { TypeormStoresOptions } from './typeorm.stores.js';
export { authEntities, authMigrations } from './entities.js';
export { OAuthFlowEntity } from './oauth-flow.entity.js';
export { OAuthGrantEntity } from './oauth-grant.entity.js';
export { OAuthLinkEntity } from './oauth-link.entity.js';
export { RefreshTokenEntity } from './refresh-token.entity.js';
export { RefreshUseEntity } from './refresh-use.entity.js';
export { RevocationEntity } from './revocation.entity.js';
export { SessionEntity } from './session.entity.js';
export { SigningKeyEntity } from './signing-key.entity.js';
