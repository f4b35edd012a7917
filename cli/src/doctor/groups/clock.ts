import { measureClockSkew } from '../../platform/aws/sts.ts'
import { fail, ok, warn, type Group, type Verdict } from '../check.ts'
import type { Facts } from '../facts.ts'

const fix = 'Let the clock be set by NTP (`timedatectl set-ntp true`; in a virtual machine, restart it).'
/** From here on AWS refuses what is signed: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html */
const refusedSeconds = 300
const tolerableSeconds = 10

export const clock: Group = { name: 'Clock', checks: [{ name: 'clock', neededBy: ['build', 'deploy'], beforeDeploy: true, look: lookAtClock }] }

async function lookAtClock({ settings }: Facts): Promise<Verdict> {
  const { inputs } = await settings()
  const skew = Math.round(await measureClockSkew(inputs.region))
  const value = Math.abs(skew) < 2 ? "the same as AWS's" : `${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} AWS's`
  if (Math.abs(skew) >= refusedSeconds) return fail(value, fix)
  return Math.abs(skew) >= tolerableSeconds ? warn(value, fix) : ok(value)
}
