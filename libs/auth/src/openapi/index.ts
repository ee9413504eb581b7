/**
 * What each route asks, in its OpenAPI document. Needs @nestjs/swagger.
 *
 * @module nest-latchkey/openapi
 */
export { describeSecurity } from './describe-security.js';
export type { OpenApiDocument } from './describe-security.js';
