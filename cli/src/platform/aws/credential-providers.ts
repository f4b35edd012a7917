/** By way of this file, because a bundled `import()` of the package itself, which is CommonJS, would have no named exports. */
export { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers'
