import { requireSettings } from '../../config/check-settings.ts'
import { findNearest } from '../../config/nearest.ts'
import { CliError } from '../../errors.ts'
import type { Project } from '../../project.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { readOutputs } from '../../tools/terraform.ts'
import { rehearse, type RehearseFlags } from '../rehearse.ts'
import { scenarios, type Scenario } from './catalog.ts'
import { printScenario, printTable } from './report.ts'
import { findService, runScenarios, type ScenarioResult } from './run-scenario.ts'

export type ScenarioFlags = RehearseFlags & { scenario: string; requests: number }

/**
 * Rehearses the good version, then the asked-for scenario, or all of them.
 * @throws CliError `deploymentFailed` when something else happened than should
 */
export async function rehearseScenarios(project: Project, flags: ScenarioFlags, terminal: Terminal): Promise<void> {
  const chosen = choose(flags.scenario)
  const settings = await requireSettings(project, terminal)
  const { url } = await rehearse(project, flags, terminal)
  if (!url) throw new Error('the rehearsal has no address')
  const service = findService(settings, await readOutputs({ folder: project.infrastructure, env: {} }))
  const running = runScenarios(service, chosen, { url, engine: flags.engine, speed: flags.speed, requests: flags.requests })
  const results: ScenarioResult[] = []
  for (const { name } of chosen) {
    const next = await terminal.step(name, () => running.next())
    if (next.done) break
    results.push(next.value)
    printScenario(next.value, terminal)
  }
  await terminal.step('Put the service back', () => running.next())
  if (results.length > 1) printTable(results, terminal)
  terminal.printJson({ speed: flags.speed, passed: results.every(({ passed }) => passed), scenarios: results })
  refuseFailures(results)
}

/**
 * @param names `all`, or names with commas between them
 * @throws CliError `usage` for a name that is not in the list
 */
export function choose(names: string): Scenario[] {
  return names === 'all' ? scenarios : names.split(',').map(find)
}

function find(name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found) return found
  const nearest = findNearest(name, scenarios.map((scenario) => scenario.name))
  throw new CliError('usage', `There is no scenario ${name}.`, {
    fix: `${nearest ? `Did you mean ${nearest}? ` : ''}\`fargate-ctl rehearse --list\` shows them all.`,
  })
}

function refuseFailures(results: ScenarioResult[]): void {
  const failed = results.filter(({ passed }) => !passed)
  if (failed.length === 0) return
  const missed = failed.flatMap(({ scenario, checks }) =>
    checks.filter(({ ok }) => !ok).map(({ what, seen }) => `${scenario}: ${what}; seen: ${seen}`),
  )
  throw new CliError('deploymentFailed', `${failed.length} of ${results.length} scenarios went otherwise than they should.`, {
    cause: missed.join('\n'),
  })
}
