// @ts-check
// Sets up what a command needs: node cli/setup/main.mjs [--for deploy|rehearse|lint|test|test:all|all] [--check]
// Runs on Node 20 without any package, because it is what installs them.
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { applicationPackages } from './steps/application.mjs'
import { browser } from './steps/browser.mjs'
import { engine } from './steps/engine.mjs'
import { bundledCli, nodeModules } from './steps/node-modules.mjs'
import { provider } from './steps/provider.mjs'
import { act, awsModels, ecsDeploy, embeddedAws, pythonLinters } from './steps/python.mjs'
import { goLinters, terraform } from './steps/program.mjs'
import { withLock } from './lock.mjs'

/** @typedef {import('./programs.mjs').Step} Step */

const base = [nodeModules, applicationPackages, bundledCli]
const linters = [goLinters, pythonLinters]
/** Tests of what is missing are skipped. */
const tested = [wish(engine), terraform, provider, wish(embeddedAws), wish(awsModels)]
/** Steps in a list of their own do not depend on each other. @type {Record<string, (Step | Step[])[]>} */
const purposes = {
  deploy: [...base, terraform],
  rehearse: [...base, wish(engine, 'without an engine, tasks are processes without isolation'), terraform, provider, embeddedAws],
  lint: [...base, terraform, provider, ...linters],
  test: [...base, ...tested, browser],
  'test:all': [...base, ...tested, goLinters.map((step) => wish(step)), wish(pythonLinters), wish(ecsDeploy), wish(act), browser],
  all: [...base, engine, terraform, provider, embeddedAws, awsModels, ...linters, browser],
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const scratch = process.env.FARGATE_CTL_SCRATCH ?? join(root, '.fargate-ctl')
const print = (/** @type {string} */ line) => process.stderr.write(`${line}\n`)

process.exitCode = await main()

async function main() {
  const options = readOptions()
  if (!options) return 2
  const steps = purposes[options.for] ?? []
  const work = async () => {
    let missing = 0
    for (const group of steps) missing += await settleAll([group].flat(), options.check)
    return missing
  }
  const missing = options.check ? await work() : await withLock(join(scratch, 'setup.lock'), print, work)
  return missing > 0 ? 4 : 0
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { for: { type: 'string', default: 'all' }, check: { type: 'boolean', default: false } },
    })
    if (purposes[values.for]) return values
    print(`error: --for ${values.for} is none of ${Object.keys(purposes).join(', ')}`)
  } catch (error) {
    print(`error: ${/** @type {Error} */ (error).message}\n  fix: npm run setup -- [--for ${Object.keys(purposes).join('|')}] [--check]`)
  }
  return undefined
}

/**
 * A step that the work can do without.
 * @param {Step} step
 * @param {string} [then]
 * @returns {Step}
 */
function wish(step, then = 'until then its tests are skipped') {
  return { ...step, optional: true, howTo: `${step.howTo} (${then})` }
}

/**
 * Settles steps side by side where cores allow; each may keep two busy.
 * @param {Step[]} steps
 * @param {boolean} checkOnly
 * @returns {Promise<number>} how many the work cannot go on without
 */
async function settleAll(steps, checkOnly) {
  const left = [...steps]
  let missing = 0
  const settleNext = async () => {
    for (let step = left.shift(); step; step = left.shift()) if (!(await settle(step, checkOnly))) missing++
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.floor(availableParallelism() / 2)) }, settleNext))
  return missing
}

/**
 * Finds or installs one thing and says so in one line.
 * @param {Step} step
 * @param {boolean} checkOnly
 * @returns {Promise<boolean>} whether the work can go on
 */
async function settle(step, checkOnly) {
  const started = performance.now()
  const line = (/** @type {string} */ mark, /** @type {string} */ text) =>
    print(`${mark} ${step.name.padEnd(20)} ${text}  ${((performance.now() - started) / 1000).toFixed(1)} s`)
  const context = { root, scratch, tools: join(scratch, 'tools'), checkOnly, say: progress(step.name) }
  const there = await step.find(context)
  if (there) {
    line('✔', there)
    return true
  }
  let reason = 'missing'
  if (!checkOnly && step.install) {
    try {
      await step.install(context)
      const installed = await step.find(context)
      if (installed) {
        line('✔', `${installed} (installed)`)
        return true
      }
    } catch (error) {
      reason = /** @type {Error} */ (error).message
    }
  }
  line(step.optional ? '!' : '✖', reason)
  print(`  fix: ${checkOnly && step.install ? 'npm run setup' : step.howTo}`)
  return step.optional === true
}

/**
 * Long installations show a sign of life: at once, and then every ten seconds.
 * @param {string} name
 */
function progress(name) {
  let last = 0
  return (/** @type {string} */ text) => {
    if (performance.now() - last < 10_000) return
    last = performance.now()
    print(`  ${name}: ${text.slice(0, 140)}`)
  }
}
