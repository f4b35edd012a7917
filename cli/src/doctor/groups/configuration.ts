import { fail, ok, warn, type Group, type Verdict } from '../check.ts'
import type { Facts } from '../facts.ts'

export const configuration: Group = {
  name: 'Configuration',
  checks: [
    { name: 'settings', neededBy: ['build', 'deploy', 'validate', 'rehearse'], look: lookAtSettings },
    { name: 'region', neededBy: ['build', 'deploy'], look: lookAtRegion },
  ],
}

async function lookAtSettings({ configuration }: Facts): Promise<Verdict> {
  const { findings } = await configuration()
  const [first] = findings.toSorted((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'))
  if (!first || first.severity === 'info') return ok('no problem found')
  const value = `${first.file}:${first.line}: ${first.message}${findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''}`
  return (first.severity === 'error' ? fail : warn)(value, first.fix ?? 'Run `fargate-ctl validate`, which shows every problem at its line.')
}

/** The tools of the environment take AWS_REGION, Terraform takes the variable. */
async function lookAtRegion({ settings }: Facts): Promise<Verdict> {
  const { inputs, backend } = await settings()
  const { AWS_REGION: fromEnvironment = inputs.region } = process.env
  const value = inputs.region === backend.region ? inputs.region : `${inputs.region}; the state lies in ${backend.region}`
  if (fromEnvironment === inputs.region) return ok(value)
  return warn(`${value}; AWS_REGION is ${fromEnvironment}`, `Set AWS_REGION=${inputs.region}, so that the aws CLI looks where fargate-ctl deploys.`)
}
