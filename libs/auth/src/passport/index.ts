export { jwtStrategy } from './jwt-strategy.js';
