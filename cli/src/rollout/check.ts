import type { Result } from '../doctor/check.ts'
import { examine } from '../doctor/examine.ts'
import { gatherFacts } from '../doctor/facts.ts'
import { clock } from '../doctor/groups/clock.ts'
import { combinations } from '../doctor/groups/combinations.ts'
import { credentials } from '../doctor/groups/credentials.ts'
import { state } from '../doctor/groups/state.ts'
import { requireBucket } from '../platform/aws/s3.ts'
import type { Identity } from '../platform/aws/sts.ts'
import { allOf, CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Settings } from '../terraform/settings/settings.ts'

/** Those that hold a check for it; the others' clients for AWS would take time to load. */
const groups = [credentials, clock, state, combinations]

/**
 * Makes doctor's checks that a deployment needs, and warns of what is not as it should be.
 * @returns who is about to deploy
 * @throws CliError with every problem there is
 */
export async function checkBeforeDeploy(project: Project, settings: Settings, terminal: Terminal): Promise<Identity> {
  const facts = gatherFacts(project, 'docker', settings)
  const needed: [Promise<Identity>, Promise<void>] = [facts.identity(), requireBucket(settings.backend)]
  const [results] = await Promise.all([examine(groups, facts, ({ beforeDeploy }) => beforeDeploy === true), Promise.allSettled(needed)])
  for (const { name, value, fix } of results.filter(({ status }) => status === 'warn')) terminal.warn(`${name}: ${value}. ${fix}`)
  // Whoever cannot look lacks the credentials or the bucket, which are problems of their own.
  const failed = results.filter(({ status, isUnseen }) => status === 'fail' && !isUnseen).map(errorOf)
  const [identity] = await allOf<[Identity, void, ...never[]]>([...needed, ...failed.map((error) => Promise.reject<never>(error))])
  return identity
}

const errorOf = ({ name, value, fix }: Result): CliError => new CliError('unavailable', `${name}: ${value}.`, { fix })
