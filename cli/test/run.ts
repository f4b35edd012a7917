// Runs every test file, or the given ones, and the app's own `npm test`; ends with `N passed, N failed, N skipped`.
// FARGATE_CTL_TEST_ALL=1 runs what takes minutes, too.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, globSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { Parser } from 'tap-parser'
import { which } from '../setup/programs.mjs'
import { prepareEngine } from './support/engine.ts'
import type { Need } from './support/needs.ts'
import { prepareTerraform } from './support/terraform-config.ts'

type Run = { status: number; assertions: Assertion[] }
type Assertion = { ok: boolean; skip: unknown; fullname: string; diag: unknown }

const root = fileURLToPath(new URL('../..', import.meta.url))
const timeoutSeconds = 1200
const linters = ['tflint', 'tfsec', 'actionlint', 'gitleaks', 'opa', 'zizmor', 'hadolint', 'semgrep']
/** These mostly wait, for Terraform's own delays. tap runs files by name, so they run beside it. */
const waiting = ['cli/embedded-aws/test/terraform.test.ts', 'cli/test/rehearsal/rehearse.test.ts']
const asked = process.argv.slice(2)
const everything = asked.length === 0
const files = everything ? globSync(['cli/test/**/*.test.ts', 'cli/embedded-aws/test/**/*.test.ts'], { cwd: root, exclude: waiting }) : asked
const aside = everything ? waiting : []

mkdirSync(`${root}.tap`, { recursive: true })
// What `npm run setup` installed comes before the machine's own programs, as for the CLI.
const installed = ['node_modules/.bin', '.fargate-ctl/tools/bin', '.fargate-ctl/tools/linters/bin'].map((folder) => root + folder)
process.env.PATH = [...installed, process.env.PATH].join(delimiter)
/** Whatever is to be tested with, or else what `npm run setup` installed. */
const python = `${root}.fargate-ctl/tools/python/bin/python3`
if (existsSync(python)) process.env.EMBEDDED_AWS_PYTHON ??= python
const ecsDeploy = `${root}.fargate-ctl/tools/ecs-deploy/bin/ecs`
if (existsSync(ecsDeploy)) process.env.EMBEDDED_AWS_ECS_DEPLOY ??= ecsDeploy
const act = `${root}.fargate-ctl/tools/act/bin/act`
if (existsSync(act)) process.env.FARGATE_CTL_TEST_ACT ??= act
const missing = findMissing()
if (!missing.includes('time') && which('podman')) process.env.EMBEDDED_AWS_TEST_PODMAN = '1'
if (!missing.includes('time') && process.getuid?.() === 0 && which('dockerd') && which('ip')) process.env.EMBEDDED_AWS_TEST_NAMESPACES = '1'
const stops = [await startEngine(), await startTerraform()]
process.env.FARGATE_CTL_TEST_WITHOUT = missing.join(',')
const runs = await Promise.all([...aside.map(runAside), ...(everything ? [runApplication()] : []), runTap()])
for (const stop of stops) await stop?.()
report(runs)

function findMissing(): Need[] {
  const found: Need[] = []
  if (everything && process.env.FARGATE_CTL_TEST_ALL !== '1') found.push('time')
  if (!linters.every((name) => which(name))) found.push('linters')
  if (!process.env.EMBEDDED_AWS_PYTHON) found.push('embedded AWS')
  if (!process.env.FARGATE_CTL_TEST_ACT) found.push('act')
  return found
}

/** Without an engine, the tests that need one are skipped. */
async function startEngine(): Promise<(() => Promise<void>) | undefined> {
  if (![...files, ...aside].some((file) => /\/(rehearsal|examples|embedded-aws)\/|workflows\.test/.test(file))) return undefined
  try {
    const { image, stop } = await prepareEngine()
    process.env.EMBEDDED_AWS_TEST_IMAGE = image
    return stop
  } catch (error) {
    console.log(`Tests that need a container engine are skipped: ${(error as Error).message}`)
    missing.push('engine')
    return undefined
  }
}

/** What runs terraform with infrastructure/ finds modules and provider on any machine. */
async function startTerraform(): Promise<(() => Promise<void>) | undefined> {
  const asks = [...files, ...aside].includes('cli/embedded-aws/test/terraform.test.ts')
  if (!asks || missing.includes('time')) return undefined
  const { file, stop } = await prepareTerraform(`${root}.tap`)
  process.env.EMBEDDED_AWS_TEST_TERRAFORM = file
  return stop
}

async function runTap(): Promise<Run> {
  const results = `${root}.tap/all.tap`
  rmSync(results, { force: true })
  const jobs = `--jobs=${Math.max(2, availableParallelism())}`
  const args = ['run', jobs, '--reporter=terse', `--timeout=${timeoutSeconds}`, `--output-file=${results}`, ...files]
  const [status] = (await once(spawn('tap', args, { cwd: root, stdio: 'inherit' }), 'close')) as [number | null]
  return { status: status ?? 1, assertions: readAssertions(results) }
}

/** Runs one file by itself. */
async function runAside(file: string): Promise<Run> {
  const results = `${root}.tap/${basename(file)}.tap`
  const status = await runQuietly(file, process.execPath, [file], results)
  return { status, assertions: readAssertions(results) }
}

/** The app's own tests, whatever runs them, where its package.json has some; together they count as one. */
async function runApplication(): Promise<Run> {
  const args = ['run', 'test', '--if-present', '--prefix', 'application']
  const name = 'npm test --prefix application'
  if (!hasTests()) return { status: 0, assertions: [{ ok: true, skip: 'application/ has no tests', fullname: name, diag: null }] }
  const status = await runQuietly(name, 'npm', args, `${root}.tap/application.txt`)
  return { status, assertions: [{ ok: status === 0, skip: false, fullname: name, diag: null }] }
}

function hasTests(): boolean {
  try {
    const { scripts } = JSON.parse(readFileSync(`${root}application/package.json`, 'utf8')) as { scripts?: { test?: string } }
    return scripts?.test !== undefined
  } catch {
    return false
  }
}

/** What the program said is shown only when it fails. */
async function runQuietly(name: string, program: string, args: string[], output: string): Promise<number> {
  const said = openSync(output, 'w')
  const env = { ...process.env, TAP_TIMEOUT: String(timeoutSeconds) }
  const [status] = (await once(spawn(program, args, { cwd: root, env, stdio: ['ignore', said, said] }), 'close')) as [number | null]
  closeSync(said)
  if (status !== 0) console.log(`${name} ended with exit code ${status}:\n${readFileSync(output, 'utf8')}`)
  return status ?? 1
}

function readAssertions(file: string): Assertion[] {
  const events = Parser.parse(readFileSync(file, 'utf8'), { flat: true })
  return events.filter(([kind]) => kind === 'assert').map(([, assertion]) => assertion as unknown as Assertion)
}

function report(runs: Run[]): void {
  const assertions = runs.flatMap((run) => run.assertions)
  const failures = assertions.filter(({ ok, skip }) => !ok && !skip)
  for (const { fullname, diag } of failures) console.log(`not ok ${fullname}\n${inspect(diag, { depth: 3, breakLength: 160 })}`)
  const skipped = assertions.filter(({ skip }) => skip)
  for (const { fullname, skip } of skipped) console.log(`skipped ${fullname}: ${String(skip)}`)
  const failed = runs.every(({ status }) => status === 0) ? failures.length : Math.max(1, failures.length)
  const passed = assertions.length - failures.length - skipped.length
  console.log(`${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
}
