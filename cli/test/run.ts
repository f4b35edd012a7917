// Runs every test file, or the given ones, with tap and ends with the line `N passed, N failed[, N skipped]`.
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Parser } from 'tap-parser'
import { prepareEngine } from './support/engine.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const results = `${root}.tap/all.tap`
/** These take minutes and mostly wait, for Terraform's own delays: they start first, beside the others. */
const waiting = ['cli/test/rehearsal/gateway/terraform.test.ts', 'cli/test/rehearsal/rehearse.test.ts']
const asked = process.argv.slice(2)
const others = globSync(['application/test/**/*.test.ts', 'cli/test/**/*.test.ts'], { cwd: root, exclude: waiting }).sort()
const files = asked.length > 0 ? asked : [...waiting, ...others]

mkdirSync(`${root}.tap`, { recursive: true })
rmSync(results, { force: true })
const stopEngine = files.some((file) => file.includes('/rehearsal/')) ? await prepareEngine() : undefined
const jobs = `--jobs=${Math.max(2, availableParallelism()) + 1}`
// What `npm run setup` installed comes after the machine's own programs, as for the CLI.
const installed = ['node_modules/.bin', '.fargate-ctl/tools/bin', '.fargate-ctl/tools/linters/bin'].map((folder) => root + folder)
process.env.PATH = [process.env.PATH, ...installed].join(delimiter)
const tap = spawnSync('tap', ['run', jobs, '--reporter=terse', '--timeout=600', `--output-file=${results}`, ...files], {
  cwd: root,
  stdio: 'inherit',
})
await stopEngine?.()
const counts = count(readFileSync(results, 'utf8'))
const failed = tap.status === 0 ? counts.failed : Math.max(1, counts.failed)
console.log(`${counts.passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`)
process.exitCode = failed > 0 || counts.passed === 0 ? 1 : 0

function count(text: string): { passed: number; failed: number; skipped: number } {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const [kind, assertion] of Parser.parse(text, { flat: true })) {
    if (kind !== 'assert') continue
    const { ok, skip } = assertion as unknown as { ok: boolean; skip?: unknown }
    counts[skip ? 'skipped' : ok ? 'passed' : 'failed']++
  }
  return counts
}
