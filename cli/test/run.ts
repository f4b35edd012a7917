// Runs every test file, or the given ones, with tap and ends with the line `N passed, N failed[, N skipped]`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, globSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { Parser } from 'tap-parser'
import { prepareEngine } from './support/engine.ts'

type Run = { status: number; results: string }
type Assertion = { ok: boolean; skip: unknown; fullname: string; diag: unknown }

const root = fileURLToPath(new URL('../..', import.meta.url))
const timeoutSeconds = 600
/** These take minutes and mostly wait, for Terraform's own delays. tap runs files by name, so they run beside it. */
const waiting = ['cli/test/rehearsal/gateway/terraform.test.ts', 'cli/test/rehearsal/rehearse.test.ts']
const asked = process.argv.slice(2)
const others = globSync(['application/test/**/*.test.ts', 'cli/test/**/*.test.ts'], { cwd: root, exclude: waiting })
const [aside, files] = asked.length > 0 ? [[], asked] : [waiting, others]

mkdirSync(`${root}.tap`, { recursive: true })
const stopEngine = [...aside, ...files].some((file) => file.includes('/rehearsal/')) ? await prepareEngine() : undefined
// What `npm run setup` installed comes after the machine's own programs, as for the CLI.
const installed = ['node_modules/.bin', '.fargate-ctl/tools/bin', '.fargate-ctl/tools/linters/bin'].map((folder) => root + folder)
process.env.PATH = [process.env.PATH, ...installed].join(delimiter)
const runs = await Promise.all([...aside.map(runAside), runTap(files)])
await stopEngine?.()
const assertions = runs.flatMap(({ results }) => readAssertions(results))
const failures = assertions.filter(({ ok, skip }) => !ok && !skip)
for (const { fullname, diag } of failures) console.log(`not ok ${fullname}\n${inspect(diag, { depth: 3, breakLength: 160 })}`)
const counts = count(assertions)
const failed = runs.every(({ status }) => status === 0) ? counts.failed : Math.max(1, counts.failed)
console.log(`${counts.passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`)
process.exitCode = failed > 0 || counts.passed === 0 ? 1 : 0

async function runTap(files: string[]): Promise<Run> {
  const results = `${root}.tap/all.tap`
  rmSync(results, { force: true })
  const jobs = `--jobs=${Math.max(2, availableParallelism())}`
  const args = ['run', jobs, '--reporter=terse', `--timeout=${timeoutSeconds}`, `--output-file=${results}`, ...files]
  const [status] = (await once(spawn('tap', args, { cwd: root, stdio: 'inherit' }), 'close')) as [number | null]
  return { status: status ?? 1, results }
}

/** Runs one file by itself; what it said is shown only when it fails. */
async function runAside(file: string): Promise<Run> {
  const results = `${root}.tap/${basename(file)}.tap`
  const output = openSync(results, 'w')
  const env = { ...process.env, TAP_TIMEOUT: String(timeoutSeconds) }
  const test = spawn(process.execPath, [file], { cwd: root, env, stdio: ['ignore', output, output] })
  const [status] = (await once(test, 'close')) as [number | null]
  closeSync(output)
  if (status !== 0) console.log(`${file} ended with exit code ${status}:\n${readFileSync(results, 'utf8')}`)
  return { status: status ?? 1, results }
}

function readAssertions(file: string): Assertion[] {
  const events = Parser.parse(readFileSync(file, 'utf8'), { flat: true })
  return events.filter(([kind]) => kind === 'assert').map(([, assertion]) => assertion as unknown as Assertion)
}

function count(assertions: Assertion[]): { passed: number; failed: number; skipped: number } {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { ok, skip } of assertions) counts[skip ? 'skipped' : ok ? 'passed' : 'failed']++
  return counts
}
