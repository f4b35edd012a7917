#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'

const main = new URL('../dist/main.js', import.meta.url)
if (existsSync(main)) {
  enableCompileCache()
  // eslint-disable-next-line no-unsanitized/method -- a file of this package
  await import(main.href)
} else {
  process.stderr.write('error: embedded-aws has not been built in this clone yet.\n  fix: Run `npm ci`.\n')
  process.exitCode = 4
}
