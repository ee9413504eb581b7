/**
 * Processes tell each other of revocations. Needs ioredis.
 *
 * @module nest-latchkey/redis
 */
export { redisFanOut, type RedisFanOutOptions } from './redis-fan-out.js';
