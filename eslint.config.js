// @ts-check
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeResolver, importX } from 'eslint-plugin-import-x'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'
import ofAnyApplication from './cli/eslint.application.js'

/** The folders of cli/src; what one imports lies in itself or further down. */
const layers = ['commands', 'rehearsal', 'scenarios', 'operations', 'rollout', 'doctor', 'lint', 'release', 'terraform', 'findings', 'platform']

/** Each could be taken without the other. */
const apart = 'fargate-ctl knows the embedded AWS by its command, its URL and its variables; neither imports the other.'

/** An application with a tsconfig.json of its own is type-checked by that alone. */
const ofApplication = existsSync(join(import.meta.dirname, 'application', 'tsconfig.json')) ? [] : ['application/**/*.{ts,mts,cts,tsx}']
const typed = ['cli/**', 'images/**', '*.{js,ts}', ...ofApplication]

export default defineConfig(
  globalIgnores(['cli/test/examples/express/', '.fargate-ctl/', '.tap/', '**/.terraform/', '.semgrep/fixtures/']),
  ofAnyApplication,
  {
    files: typed,
    extends: [tseslint.configs.recommendedTypeCheckedOnly],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      // An async function that waits for nothing still turns what it throws into a rejection.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    // Reading and writing files by name is what a command line is for; what the application serves has no such exception.
    files: ['cli/**', 'images/**', '**/test/**', 'application/bundle.mjs'],
    rules: { 'security/detect-non-literal-fs-filename': 'off' },
  },
  {
    files: ['cli/**/*.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts'] })],
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      'import-x/no-restricted-paths': ['error', {
        zones: [
          ...layers.slice(1).map((layer, index) => ({
            target: `./cli/src/${layer}`,
            from: layers.slice(0, index + 1).map((above) => `./cli/src/${above}`),
            message: `In cli/src imports point one way: ${layers.join(' → ')}.`,
          })),
          { target: './cli/embedded-aws', from: './cli', except: ['./embedded-aws'], message: apart },
          { target: ['./cli/src', './cli/test', './cli/bench', './cli/setup'], from: './cli/embedded-aws', message: apart },
        ],
      }],
    },
  },
  {
    files: ['cli/src/**', 'cli/embedded-aws/src/**'],
    rules: { 'import-x/no-cycle': 'error' },
  },
  {
    files: ['**/test/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      'security/detect-non-literal-regexp': 'off',
      // Test programs end as they are told to, and a terminal's output holds control characters.
      'n/no-process-exit': 'off',
      'no-control-regex': 'off',
    },
  },
  {
    // Answers of a process or an endpoint under test are compared whole, whatever their type.
    files: typed.map((pattern) => [pattern, '**/test/**']),
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', package: '@tapjs/test', name: ['test'] }, { from: 'package', package: '@tapjs/core', name: ['test'] }] },
      ],
    },
  },
)
