// @ts-check
import js from '@eslint/js'
import n from 'eslint-plugin-n'
import noSecrets from 'eslint-plugin-no-secrets'
import noUnsanitized from 'eslint-plugin-no-unsanitized'
import regexp from 'eslint-plugin-regexp'
import security from 'eslint-plugin-security'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['**/dist/', '.fargate-ctl/', '.tap/', '**/.terraform/', '.semgrep/fixtures/']),
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  security.configs.recommended,
  noUnsanitized.configs.recommended,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { n, regexp, 'no-secrets': noSecrets },
    rules: {
      'n/no-process-exit': 'error',
      'n/no-deprecated-api': 'error',
      'n/prefer-node-protocol': 'error',
      'no-secrets/no-secrets': ['error', { tolerance: 4.6 }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // It takes any optional group for a danger; the one that follows computes whether there is any.
      'security/detect-unsafe-regex': 'off',
      'regexp/no-super-linear-backtracking': 'error',
      // Every access by a name is a finding to it; the type check is what guards them.
      'security/detect-object-injection': 'off',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      // tsc knows what is defined.
      'no-undef': 'off',
      // An async function that waits for nothing still turns what it throws into a rejection.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    // Reading and writing files by name is what a command line is for; the application has no such exception.
    files: ['cli/**', 'images/**', '**/test/**'],
    rules: { 'security/detect-non-literal-fs-filename': 'off' },
  },
  {
    // Answers of a process or an endpoint under test are compared whole, whatever their type.
    files: ['**/test/**'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      'security/detect-non-literal-regexp': 'off',
      // Test programs end as they are told to, and a terminal's output holds control characters.
      'n/no-process-exit': 'off',
      'no-control-regex': 'off',
      '@typescript-eslint/no-floating-promises': [
        'error',
        { allowForKnownSafeCalls: [{ from: 'package', package: '@tapjs/test', name: ['test'] }, { from: 'package', package: '@tapjs/core', name: ['test'] }] },
      ],
    },
  },
)
