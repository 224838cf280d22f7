const swc = {
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    keepClassNames: true,
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

/**
 * Specs named *.real.spec.ts need a MariaDB or MySQL and a RabbitMQ, by TEST_MYSQL_URL and TEST_RABBITMQ_URL; every other
 * spec needs nothing. `npm test` starts the servers; a single spec runs by
 * `NODE_OPTIONS=--experimental-vm-modules npx jest PATH` in this folder.
 */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  transformIgnorePatterns: ['/node_modules/', '/proto/gen/'],
  testTimeout: 30_000,
  // Specs import what they use from @jest/globals.
  injectGlobals: false,
  // Many wait on timers and connections, so a core is not busy with one file.
  maxWorkers: '100%',
  cacheDirectory: '<rootDir>/../.cache/jest',
  watchman: false,
};
