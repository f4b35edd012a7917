import { findExpiry } from '../../platform/aws/sts.ts'
import { fail, ok, skip, warn, type Group, type Verdict } from '../check.ts'
import type { Facts } from '../facts.ts'

/** A first deployment takes about that long. */
const longDeploymentMinutes = 20

export const credentials: Group = {
  name: 'Credentials',
  checks: [
    { name: 'identity', neededBy: ['build', 'deploy'], look: lookAtIdentity },
    { name: 'expiry', neededBy: ['build', 'deploy'], beforeDeploy: true, look: lookAtExpiry },
    { name: 'account', neededBy: ['build', 'deploy'], look: lookAtAccount },
  ],
}

async function lookAtIdentity({ identity }: Facts): Promise<Verdict> {
  const { arn } = await identity()
  const { AWS_ENDPOINT_URL: endpoint } = process.env
  const value = endpoint ? `${arn} at ${endpoint} (AWS_ENDPOINT_URL)` : arn
  return arn.endsWith(':root') ? warn(value, 'Sign in as a role: nothing limits what root may do.') : ok(value)
}

async function lookAtExpiry({ settings }: Facts): Promise<Verdict> {
  const { inputs } = await settings()
  const expiry = await findExpiry(inputs.region)
  if (!expiry) return ok('they do not expire')
  const minutes = Math.round((Number(expiry) - Date.now()) / 60_000)
  const value = `they expire in ${minutes} min`
  return minutes < longDeploymentMinutes ? warn(value, 'Sign in again: a deployment that outlives them cannot save its state.') : ok(value)
}

async function lookAtAccount({ identity, settings }: Facts): Promise<Verdict> {
  const { inputs } = await settings()
  const { account } = await identity()
  const { allowed_account_ids: allowed } = inputs
  if (!allowed || allowed.length === 0) return skip(`${account}; no variable allowed_account_ids says which are meant`)
  if (allowed.includes(account)) return ok(`${account} is allowed`)
  return fail(`${account} is not one of ${allowed.join(', ')}`, 'Sign in to the account that is meant, or add this one to allowed_account_ids.')
}
