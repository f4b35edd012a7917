import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Scenario } from './catalog.ts'
import type { ScenarioResult } from './run-scenario.ts'
import { formatMoment } from '../rollout/timeline.ts'

/** What `--list` prints. */
export function printList(scenarios: Scenario[], terminal: Terminal): void {
  const width = Math.max(...scenarios.map(({ name }) => name.length))
  for (const { name, should } of scenarios) terminal.print(`${terminal.outColors.bold(name.padEnd(width))}  ${should}`)
  terminal.printJson({ scenarios: scenarios.map(({ name, should }) => ({ name, should })) })
}

/** One scenario's timeline, and each thing that should have happened. */
export function printScenario({ scenario, should, checks, timeline, seconds }: ScenarioResult, terminal: Terminal): void {
  const { bold, dim } = terminal.outColors
  terminal.print(`\n${bold(scenario)}  ${should}`)
  for (const moment of timeline) terminal.print(dim(formatMoment(moment)))
  for (const { what, ok, seen } of checks) terminal.print(`  ${mark(ok, terminal)} ${what}\n      ${dim(seen)}`)
  terminal.print(dim(`  ${seconds} s as AWS counts them`))
}

/** One line a scenario. */
export function printTable(results: ScenarioResult[], terminal: Terminal): void {
  const width = Math.max(...results.map(({ scenario }) => scenario.length))
  const numbersOf = (requests: string, failed: string, time: string) =>
    `${requests.padStart(9)}  ${failed.padStart(6)}  ${time.padStart(6)}`
  terminal.print(`\n  ${'scenario'.padEnd(width)}  ${numbersOf('requests', 'failed', 'time')}  result`)
  for (const { scenario, passed, requests, seconds, checks } of results) {
    const missed = checks.filter(({ ok }) => !ok).map(({ what, seen }) => `not so: ${what} (${seen})`)
    const numbers = numbersOf(String(requests.sent), String(requests.failed), `${seconds} s`)
    const result = passed ? 'as expected' : missed.join('; ')
    terminal.print(`${mark(passed, terminal)} ${scenario.padEnd(width)}  ${numbers}  ${result}`)
  }
}

const mark = (ok: boolean, { outColors }: Terminal) => (ok ? outColors.green('✔') : outColors.red('✖'))
