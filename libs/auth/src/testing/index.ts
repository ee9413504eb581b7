export { AuthTestingModule, type AuthTestingOptions } from './auth-testing.module.js';
/**
 * A clock, tokens good and bad, a guard that stands in, a provider to log in with.
 *
 * @module nest-latchkey/testing
 */
export { TestClock } from './test-clock.js';
export { signTestToken, type TestTokenOptions } from './sign-test-token.js';
export { mockToken, StubGuard, type MockTokenOptions } from './stub-guard.js';
export { LoopbackProvider } from './loopback/loopback-provider.js';
export type { LoopbackClient, LoopbackProviderOptions, LoopbackUser } from './loopback/loopback.options.js';
export type { LoopbackEndpoint } from './loopback/endpoints.js';
export type { LoopbackFault } from './loopback/faults.js';
export type { LoopbackRequest } from './loopback/server.js';
