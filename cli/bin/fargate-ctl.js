#!/usr/bin/env node
// Plain JavaScript without dependencies, so that it can explain itself on any Node and in a clone without node_modules.
import { existsSync } from 'node:fs'
import module from 'node:module'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const bundle = new URL('../dist/main.js', import.meta.url)

if (major < 22 || (major === 22 && minor < 12)) {
  fail(`fargate-ctl needs Node 22.12 or newer; this is ${process.version}.`, 'Run `npm ci` once, then `npx fargate-ctl`: the project brings its own Node.')
} else if (!existsSync(bundle)) {
  fail('fargate-ctl has not been built in this clone yet.', 'Run `npm ci`.')
} else {
  module.enableCompileCache?.()
  // eslint-disable-next-line no-unsanitized/method -- a file of this package
  await import(bundle.href)
}

/**
 * @param {string} what
 * @param {string} fix
 */
function fail(what, fix) {
  process.stderr.write(`error: ${what}\n  fix: ${fix}\n`)
  process.exitCode = 4
}
