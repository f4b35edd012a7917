import { getIdentity } from '../platform/aws/sts.ts'
import type { ServiceDeployment, ServiceRevision } from '../platform/aws/ecs.ts'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Release } from '../release/release.ts'
import type { Changes } from '../terraform/changes.ts'
import { countChanges } from '../terraform/changes.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { describeOutcome, waitUntilServed, type DeployResult, type WatchFlags } from './deploy.ts'
import { findHold, removeHook } from './hold.ts'
import { openDeployed } from './open.ts'
import { containerOf, resolvedDigest } from './prove.ts'
import { withReceipt } from './receipt/record.ts'
import { openReceipts } from './receipt/store.ts'

/** Among so many is the receipt of the held deployment. */
const receiptsRead = 20
const nothingChanged: Changes = { create: [], update: [], replace: [], destroy: [] }

/**
 * Lets the deployment go on that --hold has stopped, from whatever machine, and waits for the proof as `deploy` does; that
 * leaves a receipt of its own, which names the one of the held deployment.
 * @throws CliError `usage` where nothing is held
 */
export async function continueHeld(project: Project, settings: Settings, flags: WatchFlags, terminal: Terminal): Promise<DeployResult> {
  const { service, outputs } = await openDeployed(project, settings, terminal)
  const { hold, receipt, receipts, release, identity } = await terminal.step('Find what is held', async () => {
    const [identity, deployments, newest] = await Promise.all([getIdentity(settings.inputs.region), service.deployments(), openReceipts(project, settings, terminal).newest(receiptsRead)])
    const hold = findHold(deployments)
    if (!hold) throw nothingHeld(deployments.at(-1))
    const receipts = newest.map((each) => each.receipt)
    const receipt = receipts.find(({ deployment }) => deployment?.arn === hold.deployment)
    return { identity, hold, receipt, receipts, release: receipt?.release ?? (await readRelease(deployments.at(-1))) }
  })
  terminal.note(`  ${release.tag} goes on${receipt ? `: receipt ${receipt.id}, of ${receipt.by.who}` : ''}`)
  const attempt = { project, settings, command: 'continue' as const, identity, release, changes: nothingChanged, before: receipt?.before ?? null, continues: receipt?.id }
  return withReceipt(attempt, terminal, async (evidence) => {
    evidence.outputs = outputs
    await service.proceed(hold.deployment, hold.hookId)
    await removeHook(service, terminal)
    const { url, outcome } = await waitUntilServed({ project, settings }, { release, identity, receipts, applied: true }, evidence, { ...flags, decidedHook: hold.hookId }, terminal)
    const { repository, tag, digest } = release
    return { url, ...describeOutcome(outcome), receipt: evidence.id, image: { repository, tag, digest }, changes: countChanges(nothingChanged), steps: terminal.times }
  })

  /** Of a deployment without a receipt ECS itself says what it brings. */
  async function readRelease(deployment: ServiceDeployment | undefined): Promise<Release> {
    const arn = deployment?.targetServiceRevision?.arn
    const [[revision], shown] = await Promise.all([service.revisions(arn ? [arn] : []), service.describe()])
    return releaseOf(revision, containerOf(shown, outputs.container_name))
  }
}

function releaseOf(revision: ServiceRevision | undefined, container: string | undefined): Release {
  const image = revision?.containerImages?.find(({ containerName }) => containerName === container)?.image ?? ''
  const digest = revision && resolvedDigest({ revision }, { container })
  const [, repository = '', tag = ''] = /^([^@]+?)(?::([\w.-]+))?(?:@.+)?$/.exec(image) ?? []
  if (digest && repository) return { repository, tag: tag || digest.slice('sha256:'.length, 'sha256:'.length + 12), digest, platform: null, version: null, commit: null }
  throw new CliError('unavailable', 'Something is held, but neither a receipt nor ECS says which image it brings.', {
    fix: 'Look at it on the console of ECS, and decide it there.',
  })
}

/** What became of the last deployment, if it was held. */
function nothingHeld(last: ServiceDeployment | undefined): CliError {
  const hook = last?.lifecycleHookDetails?.find(({ targetType }) => targetType === 'PAUSE')
  const ended = `The last deployment is ${last?.status ?? 'not known'}${last?.statusReason ? `: ${last.statusReason}` : ''}.`
  if (hook?.status !== 'TIMED_OUT') return new CliError('usage', `No deployment is held. ${last ? ended : 'There is none.'}`, { fix: '`fargate-ctl status` shows what serves; `fargate-ctl deploy --hold` holds the next one.' })
  return new CliError('usage', `Nobody decided in time (${hook.expiresAt?.toISOString()}), so ECS ${hook.timeoutAction === 'CONTINUE' ? 'let the deployment go on' : 'rolled the deployment back'}. ${ended}`, {
    fix: 'Deploy it again, with --hold if it is to wait again. Until then: `fargate-ctl rollback` brings Terraform\'s state back to what runs.',
  })
}

