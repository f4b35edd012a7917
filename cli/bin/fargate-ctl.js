#!/usr/bin/env node
// Plain JavaScript without dependencies, so that it can explain itself on any Node and in a clone without node_modules.
import { readFileSync, writeSync } from 'node:fs'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const dist = new URL('../dist/', import.meta.url)
const readyMade = readHelp()

if (major < 22 || (major === 22 && minor < 19)) {
  fail(`fargate-ctl needs Node 22.19 or newer; this is ${process.version}.`, 'Run `npm ci` once, then `npx fargate-ctl`: the project brings its own Node.')
} else if (!readyMade) {
  fail('fargate-ctl has not been built in this clone yet.', 'Run `npm ci`.')
} else {
  const text = answer(process.argv.slice(2), readyMade)
  if (text === undefined) await start()
  else writeSync(1, text)
}

async function start() {
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  // eslint-disable-next-line no-unsanitized/method -- a file of this package
  await import(new URL('main.js', dist).href)
}

/** @typedef {{ version: string, texts: Record<string, string> }} Ready */

/** @returns {Ready | undefined} what `cli/bundle.ts` wrote */
function readHelp() {
  try {
    const text = readFileSync(new URL('help.json', dist), 'utf8')
    return /** @type {(text: string) => Ready} */ (JSON.parse)(text)
  } catch {
    return undefined
  }
}

/**
 * What a plain question for help is answered with; everything else is for the program itself.
 * @param {string[]} args
 * @param {Ready} ready
 * @returns {string | undefined}
 */
function answer(args, { version, texts }) {
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) return `${version}\n`
  const asksForHelp = (/** @type {string | undefined} */ word) => word === '--help' || word === '-h'
  if (args.length === 1 && asksForHelp(args[0])) return texts['']
  return args.length === 2 && asksForHelp(args[1]) ? texts[args[0] ?? ''] : undefined
}

/**
 * @param {string} what
 * @param {string} fix
 */
function fail(what, fix) {
  process.stderr.write(`error: ${what}\n  fix: ${fix}\n`)
  process.exitCode = 4
}
