export { TestClock } from './test-clock.js';
export { signTestToken, type TestTokenOptions } from './sign-test-token.js';
export { mockToken, StubGuard, type MockTokenOptions } from './stub-guard.js';
export { LoopbackProvider } from './loopback/loopback-provider.js';
export type { LoopbackClient, LoopbackProviderOptions, LoopbackUser } from './loopback/loopback.options.js';
export type { LoopbackEndpoint } from './loopback/endpoints.js';
export type { LoopbackFault } from './loopback/faults.js';
export type { LoopbackRequest } from './loopback/server.js';
