// ESLint plugins that bring no types of their own.
declare module 'eslint-plugin-no-unsanitized' {
  const plugin: { configs: { recommended: import('eslint').Linter.Config } }
  export default plugin
}
declare module 'eslint-plugin-security' {
  const plugin: { configs: { recommended: import('eslint').Linter.Config } }
  export default plugin
}
