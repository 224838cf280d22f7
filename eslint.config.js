import js from '@eslint/js';
import angular from 'angular-eslint';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What a feature of the service says about itself: no framework, no driver, no transport, and nothing of the adapters. */
const FRAMEWORKS = {
  regex: '^(@nestjs/|typeorm($|/)|amqplib($|/)|@grpc/|mysql2($|/)|better-sqlite3($|/)|@connectrpc/|grpc-health-check$)',
  message: 'Domain, use cases and ports import no framework, driver or transport: a module or an adapter does.',
};
const ADAPTERS = {
  regex: '^(\\.\\./)+(database|broker|edge|grpc|metrics|platform)/',
  message: 'A feature names a port; only app.module.ts sees both ends of it.',
};
const FEATURES = '{conversation,inbox,identity,live,announcement,system-message,energy,first-chat,lease}';
const PAGES = '{chat-client/angular,client-portal/src,admin-portal/src}';
/** Attributes whose values nobody reads. */
const WITHOUT_WORDS = [
  ...[
    'aria-controls',
    'aria-haspopup',
    'aria-labelledby',
    'aria-live',
    'autocapitalize',
    'enterkeyhint',
    'rel',
    'side',
  ],
  ...['d', 'stroke-linecap', 'stroke-linejoin'],
];

/** The files of a feature that Nest must know. */
const NEST_SIDE = '{controller,guard,decorator,filter,interceptor,module}';

/** Of several such settings that fit a file, the last one counts. */
const imports = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });
const ANGULAR = { regex: '^@angular/', message: 'Angular stays in chat-client/angular.' };
const ENVIRONMENT = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'Only config.ts reads the environment; take the setting as a parameter.',
  },
  {
    selector: 'ImportDeclaration[source.value=/^(node:)?process$/]',
    message: 'Only config.ts reads the environment; take the setting as a parameter.',
  },
];

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', 'proto/gen/', '.cache/', '.data/', 'test-results/', '**/*.d.mts']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: {
      // These files run in the Node that lints them.
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
    rules: { eqeqeq: ['error', 'always', { null: 'ignore' }], 'prefer-const': 'error', 'no-var': 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Nest's modules are classes with static members or none.
      '@typescript-eslint/no-extraneous-class': 'off',
      // `void (await x)` says that the answer does not matter.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // A port's method may be async in one adapter and plain in another.
      '@typescript-eslint/require-await': 'off',
      // Noisy where an index may be out of range, which noUncheckedIndexedAccess covers.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Drivers answer a bigint column as text where its type says number: rows are converted on purpose.
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      // A callback may answer a promise or nothing: `void | Promise<void>`.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Nest types its option objects as classes.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },

  // The way of one request: controller, use case, domain, port; the adapter comes from outside.
  {
    files: ['chat-service/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/config.ts', 'chat-service/src/testing/**'],
    rules: { 'no-restricted-syntax': ['error', ...ENVIRONMENT] },
  },
  {
    files: [`chat-service/src/${FEATURES}/**/*.ts`],
    ignores: ['**/*.spec.ts', '**/*.contract.ts', `**/*.${NEST_SIDE}.ts`],
    rules: imports(FRAMEWORKS, ADAPTERS),
  },
  {
    files: [`chat-service/src/${FEATURES}/**/*.${NEST_SIDE}.ts`],
    rules: imports(
      { ...FRAMEWORKS, regex: '^(typeorm|amqplib|mysql2|better-sqlite3)($|/)' },
      { ...ADAPTERS, regex: '(^|/)(database|broker|edge)/' },
    ),
  },
  {
    files: ['chat-service/src/*.ts'],
    ignores: ['**/app.module.ts', '**/main.ts', '**/*.spec.ts'],
    rules: imports({ ...ADAPTERS, regex: '^\\./(database|broker)/' }),
  },
  {
    files: ['chat-service/src/{database,broker}/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*.contract.ts'],
    rules: imports({
      regex: '^((\\.\\./)+(edge|grpc)/|\\.\\./(\\.\\./)?(database|broker)/)',
      message: 'An adapter knows its port, not another adapter and not the transport.',
    }),
  },
  {
    files: ['chat-client/**/*.ts'],
    ignores: ['chat-client/angular/**'],
    rules: imports(ANGULAR),
  },

  // The pages.
  {
    files: [`${PAGES}/**/*.ts`],
    extends: [angular.configs.tsRecommended],
    processor: angular.processInlineTemplates,
    rules: { '@angular-eslint/prefer-signals': 'error' },
  },
  {
    files: [`${PAGES}/**/*.html`],
    ignores: ['**/index.html'],
    extends: [angular.configs.templateRecommended, angular.configs.templateAccessibility],
    rules: {
      // Texts stand in the languages' files. Nothing is marked for Angular's own i18n: each text in a template is a fault.
      '@angular-eslint/template/i18n': ['error', { checkId: false, ignoreAttributes: WITHOUT_WORDS }],
    },
  },
);
