export { TestClock } from './test-clock.js';
export { signTestToken, type TestTokenOptions } from './sign-test-token.js';
export { mockToken, StubGuard, type MockTokenOptions } from './stub-guard.js';
