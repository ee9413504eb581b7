export { redisFanOut, type RedisFanOutOptions } from './redis-fan-out.js';
