import type { ServiceDeployment, ServiceRevision } from '../platform/aws/ecs.ts'
import { CliError, describeCause } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import { describeAge } from '../platform/terminal/describe-age.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Release } from '../release/release.ts'
import { describeExpiry } from './describe-expiry.ts'
import { findHold, type Hold } from './hold.ts'
import { resolvedDigest, containerOf, shortArn } from './prove.ts'
import { isProved, isTakenBack, shortDigest, takenBack, type Receipt } from './receipt/receipt.ts'
import type { Numbered } from './receipt/store.ts'
import { findDeployedService, readServiceOutputs } from './service.ts'

/** What ECS was told to run, and who knows of it. */
export type Live = { taskDefinition: string; digest: string | null; repository: string | undefined; since: Date | undefined }

/** A version that was taken back, and by which word. */
export type TakenBack = { digest: string | null; taskDefinition: string | null; at: Date; reason: string }

/** What runs, compared with what Terraform's state and the receipts say. */
export type Truth = {
  /** null: there is no service yet, or `unknown` says why it is not known. */
  live: Live | null
  /** In sentences, how Terraform's state differs from what runs, and the command that joins them again. */
  drift: { message: string; fix: string } | null
  takenBack: TakenBack[]
  /** The deployment that waits for `continue` or `rollback`. */
  held: Hold | null
  unknown: string | null
}

const nothingYet: Truth = { live: null, drift: null, takenBack: [], held: null, unknown: null }

/** A deployment of ECS's own list, with what it brought. */
export type Listed = { deployment: ServiceDeployment; taskDefinition: string | null; digest: string | null }

/** ECS's own list of deployments, oldest first. @param container the app's, where it is known */
export function listDeployments(deployments: ServiceDeployment[], revisions: ServiceRevision[], container: string | undefined): Listed[] {
  return deployments.map((deployment) => {
    const revision = revisions.find(({ serviceRevisionArn }) => serviceRevisionArn && serviceRevisionArn === deployment.targetServiceRevision?.arn)
    const digest = revision ? resolvedDigest({ revision }, { container }) : undefined
    return { deployment, taskDefinition: revision?.taskDefinition ?? null, digest: digest ?? null }
  })
}

/**
 * Compares the state's outputs with the live service. Never throws but for an interrupt: what cannot be read is unknown.
 * @param asked Terraform's outputs; a state that cannot be read is told otherwise
 */
export async function readTruth(region: string, asked: Promise<Record<string, unknown>>, known: Promise<Numbered[]>): Promise<Truth> {
  try {
    const [outputs, receipts] = await Promise.all([asked.then(readServiceOutputs), known])
    const service = findDeployedService(region, outputs)
    if (!service) return nothingYet
    const [shown, deployments] = await Promise.all([service.describe(), service.deployments()])
    const arns = [...deployments.map(({ targetServiceRevision }) => targetServiceRevision), ...(shown.currentServiceRevisions ?? [])].flatMap((each) => each?.arn ?? [])
    const revisions = await service.revisions([...new Set(arns)].slice(-20))
    const container = containerOf(shown, outputs.container_name)
    const listed = listDeployments(deployments, revisions, container)
    const taskDefinition = shown.taskDefinition ?? ''
    const brings = revisions.findLast((each) => each.taskDefinition === taskDefinition)
    const since = listed.findLast((each) => each.taskDefinition === taskDefinition && each.deployment.status === 'SUCCESSFUL')?.deployment.finishedAt
    const live = { taskDefinition, digest: (brings && resolvedDigest({ revision: brings }, { container })) ?? null, repository: brings && repositoryOf(brings, container), since }
    const all = receipts.map(({ receipt }) => receipt)
    const drift = describeDrift(live, outputs.task_definition_arn, listed, all)
    return { live, drift, takenBack: findTakenBack(listed, all), held: findHold(deployments) ?? null, unknown: null }
  } catch (error) {
    interruption.throwIfAborted()
    const why = error instanceof CliError ? [error.message, error.fix].filter(Boolean).join(' ') : describeCause(error)
    return { ...nothingYet, unknown: `What runs now could not be compared with Terraform's state: ${why}` }
  }
}

/** `webapp` of the address that the container's image has. */
function repositoryOf({ containerImages = [] }: ServiceRevision, container: string | undefined): string | undefined {
  const { image = '' } = containerImages.find(({ containerName }) => containerName === container) ?? {}
  return /^[^/]+\/([^:@]+)/.exec(image)?.[1]
}

/** The version that serves, for the command that deploys it again; by a receipt that proves it, or by hand. */
function describeDrift(live: Live, stated: string | undefined, listed: Listed[], receipts: Receipt[]): Truth['drift'] {
  if (!stated || !live.taskDefinition || stated === live.taskDefinition) return null
  const ended = listed.findLast(({ taskDefinition }) => taskDefinition === stated)?.deployment
  const reason = ended?.statusReason ? `: ${ended.statusReason.replace(/\.$/, '')}` : ''
  const how = takenBack.has(ended?.status ?? '') ? `that deployment is ${ended?.status}${reason}` : 'somebody has changed the service since'
  const proved = receipts.find((receipt) => isProved(receipt) && receipt.release.digest === live.digest)
  return {
    message: `Terraform's state is ahead of what runs: it says ${shortArn(stated)}, ECS runs ${shortArn(live.taskDefinition)}${live.digest ? ` (${shortDigest(live.digest)})` : ''}; ${how}.`,
    fix: proved ? `fargate-ctl rollback ${proved.id}` : deployByHand(live, receipts),
  }
}

/** What runs is proved by no receipt, but one may tell its tag; else ECR does. */
function deployByHand({ digest, repository }: Live, receipts: Receipt[]): string {
  const known = receipts.find(({ release }) => digest && release.digest === digest)
  if (known) return `fargate-ctl deploy --tag ${known.release.tag}`
  if (!digest || !repository) return 'deploy the version that runs with --tag; `fargate-ctl history` lists what was deployed.'
  return `fargate-ctl deploy --tag "$(aws ecr describe-images --repository-name ${repository} --image-ids imageDigest=${digest} --query 'imageDetails[0].imageTags[0]' --output text)"`
}

/** What ECS or the receipts say was taken back and has not served since. */
function findTakenBack(listed: Listed[], receipts: Receipt[]): TakenBack[] {
  const fromEcs = listed.flatMap(({ deployment, digest, taskDefinition }) => {
    const { status = '', statusReason, finishedAt, createdAt, rollback } = deployment
    const at = finishedAt ?? createdAt
    const isBad = takenBack.has(status)
    if (!at || !(isBad || status === 'SUCCESSFUL')) return []
    return [{ isBad, digest, taskDefinition, at, reason: statusReason ?? rollback?.reason ?? status }]
  })
  const fromReceipts = receipts.flatMap((receipt) => {
    if (!isProved(receipt) && !isTakenBack(receipt)) return []
    const { release, taskDefinition, deployment, endedAt } = receipt
    return [{ isBad: isTakenBack(receipt), digest: release.digest, taskDefinition, at: new Date(endedAt), reason: deployment?.reason ?? deployment?.status ?? '' }]
  })
  const ordered = [...fromEcs, ...fromReceipts].sort((a, b) => Number(a.at) - Number(b.at))
  // The last word on a digest counts: one that served after it was taken back is good.
  const last = new Map(ordered.map((each) => [each.digest ?? each.taskDefinition, each]))
  return [...last.values()].filter(({ isBad }) => isBad).map(({ digest, taskDefinition, at, reason }) => ({ digest, taskDefinition, at, reason }))
}

/** Says first what is not as Terraform's state says. */
export function tellTruth({ drift, unknown }: Truth, terminal: Terminal): void {
  if (unknown) terminal.warn(unknown)
  if (drift) terminal.warn(`${drift.message} This joins them again: ${drift.fix}`)
}

/** Refuses to deploy over a deployment that waits for a decision: ECS would forget it. @throws CliError `usage` */
export function refuseHeld({ held }: Truth): void {
  if (!held) return
  throw new CliError('usage', `A deployment is held, and waits for somebody's decision; ${describeExpiry(held)}. Nothing was changed.`, {
    fix: 'Decide it first: `fargate-ctl continue`, or `fargate-ctl rollback`.',
  })
}

/**
 * Refuses to ship once more what was taken back: after a rollback every apply would, whatever else it changes.
 * @throws CliError `usage`
 */
export function refuseKnownBad({ takenBack: all, drift }: Truth, { digest, tag }: Release): void {
  const known = all.find((each) => each.digest === digest)
  if (!known) return
  throw new CliError('usage', `${tag} was taken back ${describeAge(known.at)}, and this would ship it again; nothing was changed.`, {
    cause: known.reason,
    fix: [
      'Deploy a version in which this is fixed.',
      drift && `To bring Terraform's state back to what runs: ${drift.fix}`,
      'If the cause was not in the version, and is gone: --allow-known-bad',
    ].filter(Boolean).join('\n'),
  })
}

/** Without a change ECS begins no deployment: where the last one of what it runs has failed, that is what will be told. */
export function tellNothingBegins({ live, takenBack: failures }: Truth, outputs: Record<string, unknown>, terminal: Pick<Terminal, 'warn'>): void {
  const failed = live && failures.findLast(({ taskDefinition }) => taskDefinition === live.taskDefinition)
  if (!failed || (live.since && live.since > failed.at)) return
  const { cluster_name: cluster = '<cluster>', service_name: service = '<service>' } = readServiceOutputs(outputs)
  terminal.warn(
    `Terraform has nothing to apply, so ECS does not try again: what follows is how the last deployment of ${shortArn(live.taskDefinition)} failed.\n` +
      `To try the same version again: aws ecs update-service --cluster ${cluster} --service ${service} --force-new-deployment`,
  )
}
