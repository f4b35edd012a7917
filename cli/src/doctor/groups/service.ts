import { ok, skip, warn, type Group, type Verdict } from '../check.ts'
import type { Facts } from '../facts.ts'

/** Settings of what is deployed that make a deployment less safe, or its failure harder to understand. */
export const service: Group = {
  name: 'Deployed service',
  checks: [
    { name: 'circuit breaker', neededBy: ['deploy'], look: lookAtBreaker },
    { name: 'healthy percent', neededBy: ['deploy'], look: lookAtHealthyPercent },
    { name: 'strategy', neededBy: ['deploy'], look: lookAtStrategy },
    { name: 'log mode', neededBy: ['logs'], look: lookAtLogMode },
  ],
}

const inService = 'in the service of infrastructure/main.tf.'

async function lookAtBreaker({ service }: Facts): Promise<Verdict> {
  const { deploymentConfiguration } = await service()
  const { enable, rollback } = deploymentConfiguration?.deploymentCircuitBreaker ?? {}
  if (enable && rollback) return ok('on, and rolls back')
  const value = enable ? 'on, but does not roll back' : 'off: a version that crashes is started again and again'
  return warn(value, `Set deployment_circuit_breaker = { enable = true, rollback = true } ${inService}`)
}

/** The ecs module's own default is 66. */
async function lookAtHealthyPercent({ service }: Facts): Promise<Verdict> {
  const { minimumHealthyPercent: percent = 100 } = (await service()).deploymentConfiguration ?? {}
  if (percent >= 100) return ok(`${percent} %`)
  return warn(`${percent} %: a deployment may stop old tasks before new ones serve`, `Set deployment_minimum_healthy_percent = 100 ${inService}`)
}

/** ECS moves the listener's weights, and Terraform moves them back: hashicorp/terraform-provider-aws #43905. */
async function lookAtStrategy({ service }: Facts): Promise<Verdict> {
  const { strategy = 'ROLLING' } = (await service()).deploymentConfiguration ?? {}
  if (strategy === 'ROLLING') return ok('rolling')
  return warn(
    `${strategy}: Terraform undoes what ECS does to the listener, and scaling by requests per target does not work with it`,
    `Let Terraform ignore the listener's actions (lifecycle, ignore_changes), and take requests_per_target's policy out; or set ROLLING ${inService}`,
  )
}

async function lookAtLogMode({ taskDefinition, outputs }: Facts): Promise<Verdict> {
  const [{ containerDefinitions = [] }, { container_name: name }] = await Promise.all([taskDefinition(), outputs()])
  const app = containerDefinitions.find((each) => each.name === name) ?? containerDefinitions[0]
  const { logDriver = 'none', options = {} } = app?.logConfiguration ?? {}
  if (logDriver !== 'awslogs') return skip(`the log driver is ${logDriver}`)
  const { mode } = options
  if (mode) return ok(mode)
  return warn('not set; non-blocking is the default, so last words can be missing', 'Set mode in log_configuration.options of infrastructure/main.tf.')
}
