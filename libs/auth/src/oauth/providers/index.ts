export { oidc } from './oidc.js';
