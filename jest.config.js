import { availableParallelism } from 'node:os';
/** One swc pass for every project; `nest-latchkey` is mapped to the sources, so a test never sees a stale build. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.(ts|js)$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
      },
    ],
  },
  moduleNameMapper: {
    '^nest-latchkey$': '<rootDir>/libs/auth/src/index.ts',
    '^nest-latchkey/providers$': '<rootDir>/libs/auth/src/oauth/providers/index.ts',
    '^nest-latchkey/(.*)$': '<rootDir>/libs/auth/src/$1/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  // CommonJS packages that require an ES module, which Node 20 can and Jest cannot: the module is compiled for them
  transformIgnorePatterns: ['/node_modules/(?!(.*/)?content-disposition/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/libs/[^/]+/(build|dist)'],
};

export default {
  // a process for each of two cores, where Jest would leave one idle; modules of ESM stay in memory until a process ends
  maxWorkers: Math.max(2, availableParallelism() - 1),
  workerIdleMemoryLimit: '2GB',
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/libs/*/src/**/*.spec.ts', '<rootDir>/test/*.spec.ts'] },
    { ...shared, displayName: 'stores', testMatch: ['<rootDir>/test/stores/**/*.spec.ts'] },
    { ...shared, displayName: 'processes', testMatch: ['<rootDir>/test/processes/**/*.spec.ts'] },
    {
      ...shared,
      displayName: 'e2e',
      testMatch: [
        '<rootDir>/test/e2e/**/*.spec.ts',
        '<rootDir>/test/cli/**/*.spec.ts',
        '<rootDir>/test/oauth/**/*.spec.ts',
        '<rootDir>/src/**/*.spec.ts',
      ],
    },
  ],
};
