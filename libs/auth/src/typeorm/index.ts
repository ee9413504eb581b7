export { typeormStores } from './typeorm.stores.js';
export type { TypeormStoresOptions } from './typeorm.stores.js';
export { authEntities, authMigrations } from './entities.js';
export { OAuthFlowEntity } from './oauth-flow.entity.js';
export { RefreshTokenEntity } from './refresh-token.entity.js';
export { RefreshUseEntity } from './refresh-use.entity.js';
export { RevocationEntity } from './revocation.entity.js';
export { SessionEntity } from './session.entity.js';
export { SigningKeyEntity } from './signing-key.entity.js';
