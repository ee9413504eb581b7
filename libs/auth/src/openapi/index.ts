export { describeSecurity } from './describe-security.js';
export type { OpenApiDocument } from './describe-security.js';
