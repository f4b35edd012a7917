// @ts-check
// The rules for an application without an ESLint configuration of its own; the project's own code adds what needs types.
import js from '@eslint/js'
import n from 'eslint-plugin-n'
import noSecrets from 'eslint-plugin-no-secrets'
import noUnsanitized from 'eslint-plugin-no-unsanitized'
import regexp from 'eslint-plugin-regexp'
import security from 'eslint-plugin-security'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['**/dist/']),
  js.configs.recommended,
  tseslint.configs.recommended,
  security.configs.recommended,
  noUnsanitized.configs.recommended,
  {
    files: ['**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}'],
    plugins: { n, regexp, 'no-secrets': noSecrets },
    rules: {
      'n/no-process-exit': 'error',
      'n/no-deprecated-api': 'error',
      'n/prefer-node-protocol': 'error',
      'no-secrets/no-secrets': ['error', { tolerance: 4.6 }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // It takes any optional group for a danger; the one that follows computes whether there is any.
      'security/detect-unsafe-regex': 'off',
      'regexp/no-super-linear-backtracking': 'error',
      // Every access by a name is a finding to it; the type check is what guards them.
      'security/detect-object-injection': 'off',
      // tsc knows what is defined.
      'no-undef': 'off',
    },
  },
  {
    files: ['**/*.{js,cjs,jsx}'],
    languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
)
