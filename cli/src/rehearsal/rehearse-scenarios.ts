import { requireSettings } from '../terraform/settings/check-settings.ts'
import { findNearest } from '../platform/nearest.ts'
import { findDeployedService, readServiceOutputs } from '../rollout/service.ts'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { readOutputs } from '../terraform/terraform.ts'
import { terraformFor } from '../terraform/terraform-for.ts'
import { withoutIsolation } from './isolation.ts'
import { rehearse, type RehearseFlags } from './rehearse.ts'
import { needContainers, scenarios, type Scenario } from '../scenarios/catalog.ts'
import { printScenario, printTable } from '../scenarios/report.ts'
import { runScenarios, type ScenarioResult } from '../scenarios/run-scenario.ts'
import { makeBreakable } from '../scenarios/service.ts'

export type ScenarioFlags = RehearseFlags & { scenario: string; requests: number }

/**
 * Rehearses the good version, then the asked-for scenario, or all of them.
 * @throws CliError `deploymentFailed` when something else happened than should
 */
export async function rehearseScenarios(project: Project, flags: ScenarioFlags, terminal: Terminal): Promise<void> {
  const asked = choose(flags.scenario)
  const settings = await requireSettings(project, terminal)
  const { url, isolation } = await rehearse(project, flags, terminal)
  const chosen = isolation ? asked : withoutContainers(asked, terminal)
  if (!url) throw new Error('the rehearsal has no address')
  const outputs = await readOutputs(terraformFor(project))
  const deployed = findDeployedService(settings.inputs.region, readServiceOutputs(outputs))
  if (!deployed) {
    throw new CliError('usage', "Terraform's outputs do not name the service that a scenario needs.", {
      fix: 'Let infrastructure/outputs.tf give cluster_name, service_name, container_name and log_group_name.',
    })
  }
  const service = makeBreakable(deployed)
  const running = runScenarios(service, chosen, { url, speed: flags.speed, requests: flags.requests })
  const results: ScenarioResult[] = []
  for (const { name } of chosen) {
    const next = await terminal.step(name, () => running.next())
    if (next.done) break
    results.push(next.value)
    printScenario(next.value, terminal)
  }
  await terminal.step('Put the service back', () => running.next())
  if (results.length > 1) printTable(results, terminal)
  if (!isolation) terminal.print(withoutIsolation)
  terminal.printJson({ speed: flags.speed, isolation, passed: results.every(({ passed }) => passed), scenarios: results })
  refuseFailures(results)
}

/**
 * @param names `all`, or names with commas between them
 * @throws CliError `usage` for a name that is not in the list
 */
export function choose(names: string): Scenario[] {
  return names === 'all' ? scenarios : names.split(',').map(find)
}

/** @throws CliError `unavailable` when none is left */
function withoutContainers(asked: Scenario[], terminal: Terminal): Scenario[] {
  const left = asked.filter(({ name }) => !needContainers.has(name))
  const out = asked.filter(({ name }) => needContainers.has(name)).map(({ name }) => name).join(', ')
  if (left.length === 0) {
    throw new CliError('unavailable', `Without a container engine there is no ${out}: it needs what only containers have.`, {
      fix: 'Start an engine and run it again.',
    })
  }
  if (out) terminal.warn(`Left out, because they need containers: ${out}`)
  return left
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
