import { findDigests } from '../platform/aws/ecr.ts'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { repositoryName } from '../release/release.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { openDeployed } from './open.ts'
import { containerOf } from './prove.ts'
import { isProved, isTakenBack } from './receipt/receipt.ts'
import { openReceipts, type Numbered } from './receipt/store.ts'
import { listDeployments, type Listed } from './truth.ts'

/** One deployment: of a receipt, or one that only ECS tells of. null: not known. */
export type Entry = {
  /** The receipt's; null where there is none. */
  number: number | null
  id: string | null
  at: string
  who: string | null
  commit: string | null
  version: string | null
  tag: string | null
  digest: string | null
  /** `proved`, `failed`, `rolled back`, `unknown`, `interrupted`; without a receipt ECS's own status. */
  result: string
  seconds: number | null
  /** Whether one can go back to it: it was proved, and ECR still has its image. */
  canGoBack: boolean | null
}

/**
 * What was deployed, newest first: the receipts, and of ECS's own list (the newest twenty, for 90 days) what has none.
 * Where ECS or ECR cannot be asked, that is said and the rest is shown.
 */
export async function readHistory(project: Project, settings: Settings, limit: number, terminal: Terminal): Promise<Entry[]> {
  const [receipts, listed] = await Promise.all([
    openReceipts(project, settings, terminal).newest(limit),
    readListed(project, settings, terminal).catch(orElse([], 'Without what ECS itself has listed', terminal)),
  ])
  const images = await readImages(receipts, settings.inputs.region).catch(orElse(undefined, 'Whether images are still there is not known', terminal))
  const known = new Set(receipts.map(({ receipt }) => receipt.deployment?.arn))
  const fromEcs = listed.filter(({ deployment }) => !known.has(deployment.serviceDeploymentArn))
  const entries = [...receipts.map((each) => fromReceipt(each, images)), ...fromEcs.map(fromListed)]
  return entries.toSorted((a, b) => b.at.localeCompare(a.at)).slice(0, limit)
}

async function readListed(project: Project, settings: Settings, terminal: Terminal): Promise<Listed[]> {
  const { outputs, service } = await openDeployed(project, settings, terminal)
  const [shown, deployments] = await Promise.all([service.describe(), service.deployments()])
  const revisions = await service.revisions(deployments.flatMap(({ targetServiceRevision }) => targetServiceRevision?.arn ?? []))
  return listDeployments(deployments, revisions, containerOf(shown, outputs.container_name))
}

async function readImages(receipts: Numbered[], region: string): Promise<Set<string>> {
  const byRepository = Map.groupBy(receipts, ({ receipt }) => repositoryName(receipt.release))
  const found = [...byRepository].map(([repository, of]) => findDigests(repository, [...new Set(of.map(({ receipt }) => receipt.release.digest))], region))
  return new Set((await Promise.all(found)).flatMap((digests) => [...digests]))
}

function fromReceipt({ number, receipt }: Numbered, images: Set<string> | undefined): Entry {
  const { id, startedAt, endedAt, by, checkout, release, outcome } = receipt
  return {
    number,
    id,
    at: startedAt,
    who: by.who,
    commit: release.commit ?? checkout.commit,
    version: outcome.kind === 'proved' ? outcome.version : release.version,
    tag: release.tag,
    digest: release.digest,
    result: isTakenBack(receipt) ? 'rolled back' : outcome.kind,
    seconds: secondsBetween(startedAt, endedAt),
    canGoBack: isProved(receipt) ? (images?.has(release.digest) ?? null) : false,
  }
}

function fromListed({ deployment, digest }: Listed): Entry {
  const { createdAt, finishedAt, status = 'unknown' } = deployment
  const nobody = { number: null, id: null, who: null, commit: null, version: null, tag: null, canGoBack: null }
  const seconds = createdAt && finishedAt ? secondsBetween(createdAt, finishedAt) : null
  return { ...nobody, at: (createdAt ?? new Date(0)).toISOString(), digest, result: `ECS: ${status}`, seconds }
}

const secondsBetween = (from: Date | string, to: Date | string) => Math.round((Number(new Date(to)) - Number(new Date(from))) / 1000)

/** Goes on without what cannot be read, and says so. */
function orElse<Value>(value: Value, without: string, terminal: Terminal) {
  return (error: unknown): Value => {
    interruption.throwIfAborted()
    if (!(error instanceof CliError)) throw error
    terminal.warn(`${without}: ${error.message}`)
    return value
  }
}
