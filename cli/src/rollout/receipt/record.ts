import { randomBytes } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import { join, relative } from 'node:path'
import manifest from '../../../../package.json' with { type: 'json' }
import type { Identity } from '../../platform/aws/sts.ts'
import { CliError, describeCause, exitCodes } from '../../platform/errors.ts'
import type { Project } from '../../platform/project.ts'
import type { Terminal } from '../../platform/terminal/terminal.ts'
import { readWorkTree } from '../../release/git.ts'
import type { Release } from '../../release/release.ts'
import type { Changes } from '../../terraform/changes.ts'
import type { SlowResource } from '../../terraform/progress.ts'
import type { Settings } from '../../terraform/settings/settings.ts'
import type { Observed } from '../observe.ts'
import type { Outcome } from '../outcome.ts'
import { readServiceOutputs } from '../service.ts'
import { failedContainer, happeningsOf } from '../timeline.ts'
import type { Receipt } from './receipt.ts'
import { openReceipts } from './store.ts'

/** What is known of a deployment before it begins. */
export type Attempt = {
  project: Project
  settings: Settings
  command: Receipt['command']
  identity: Identity
  release: Release
  changes: Changes
  before: Receipt['before']
  promotedFrom?: Receipt['promotedFrom']
  continues?: string | undefined
}

/** What the deployment's work leaves here as it goes on, for a receipt that tells as much as there was to see. */
export type Evidence = {
  /** The receipt's. */
  readonly id: string
  slow?: SlowResource[]
  outputs?: Record<string, unknown>
  outcome?: Outcome
  seen?: Observed
}

const logLines = 20
const mostDirty = 100

/** Does a deployment's work, and keeps a receipt of what came of it, success or not. */
export async function withReceipt<Result>(attempt: Attempt, terminal: Terminal, work: (evidence: Evidence) => Promise<Result>): Promise<Result> {
  const evidence: Evidence = { id: randomBytes(4).toString('hex') }
  const startedAt = terminal.times[0]?.startedAt ?? new Date().toISOString()
  const checkout = readCheckout(attempt.project)
  const keep = async (error?: unknown) => {
    const { project, settings } = attempt
    const receipt = { ...describeAttempt(attempt), startedAt, checkout: await checkout, stages: terminal.times, ...describeEvidence(evidence, error) }
    const isKept = await openReceipts(project, settings, terminal).keep(receipt)
    if (isKept) terminal.note(`  Receipt ${evidence.id}: see it with \`fargate-ctl report ${evidence.id}\`.`)
  }
  try {
    const result = await work(evidence)
    await keep()
    return result
  } catch (error) {
    await keep(error)
    throw error
  }
}

function describeAttempt({ settings, command, identity, release: known, changes, before, promotedFrom, continues }: Attempt) {
  const { backend, inputs, variables } = settings
  const { region, name, env } = inputs
  const { repository, tag, digest, platform, version, commit } = known
  // The release has them.
  const values = Object.fromEntries(Object.entries(variables.values).filter(([each]) => !/^image_(tag|digest|commit)$/.test(each)))
  return {
    version: 1 as const,
    command,
    by: { ...describeRunner(), identity: identity.arn, fargateCtl: manifest.version },
    target: { account: identity.account, region, name, env, state: `s3://${backend.bucket}/${backend.key}` },
    // A build tells more of it.
    release: { repository, tag, digest, platform, version, commit },
    ...(promotedFrom && { promotedFrom }),
    ...(continues && { continues }),
    before,
    variables: { ...variables, values },
    changes,
  }
}

/** https://docs.github.com/actions/reference/workflows-and-actions/variables */
function describeRunner(): { who: string; run: string | null } {
  const { GITHUB_ACTIONS, GITHUB_ACTOR, GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = process.env
  if (GITHUB_ACTIONS === 'true' && GITHUB_ACTOR) {
    return { who: `${GITHUB_ACTOR} on GitHub`, run: `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}` }
  }
  return { who: `${nameOfUser()}@${hostname()}`, run: null }
}

/** A user of a container may have no name. */
function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? 'somebody'
  }
}

async function readCheckout({ root }: Project): Promise<Receipt['checkout']> {
  const { commit, uncommitted, deleted } = await readWorkTree(root, join(root, 'package.json')).catch(() => ({ commit: null, uncommitted: [], deleted: [] }))
  return { commit, dirty: [...uncommitted, ...deleted].slice(0, mostDirty).map((path) => relative(root, path)) }
}

function describeEvidence({ id, slow = [], outputs, outcome, seen }: Evidence, error: unknown) {
  const { alb_url: url, task_definition_arn: taskDefinition, service_arn: service } = readServiceOutputs(outputs ?? {})
  return {
    id,
    endedAt: new Date().toISOString(),
    url: url ?? null,
    taskDefinition: taskDefinition ?? null,
    service: service ?? null,
    deployment: describeDeployment(seen),
    slow,
    timeline: seen ? describeTimeline(seen, readServiceOutputs(outputs).container_name) : [],
    stops: (seen?.stopped ?? []).map(describeStopped),
    outcome: describeOutcome(outcome, error),
  }
}

function describeDeployment(seen: Observed | undefined): Receipt['deployment'] {
  const { serviceDeploymentArn: arn, status, statusReason, startedAt, createdAt, finishedAt } = seen?.own ?? {}
  if (!arn || !status) return null
  return { arn, status, reason: statusReason ?? null, startedAt: isoOf(startedAt ?? createdAt), endedAt: isoOf(finishedAt) }
}

const isoOf = (date: Date | undefined): string | null => date?.toISOString() ?? null

function describeTimeline(seen: Observed, app: string | undefined): Receipt['timeline'] {
  return happeningsOf(seen, app)
    .flatMap(({ at, ...rest }) => (at === undefined ? [] : [{ at: new Date(at).toISOString(), ...rest }]))
    .sort((a, b) => a.at.localeCompare(b.at))
}

function describeStopped({ task, log }: Observed['stopped'][number]): Receipt['stops'][number] {
  const failed = failedContainer(task)
  const containers = [...(task.containers ?? [])].sort((a, b) => Number(b === failed) - Number(a === failed))
  return {
    task: task.taskArn ?? '',
    at: isoOf(task.stoppedAt),
    code: task.stopCode ?? null,
    reason: task.stoppedReason ?? null,
    containers: containers.map(({ name = '', exitCode, reason, healthStatus }) => ({ name, exitCode: exitCode ?? null, reason: reason ?? null, health: healthStatus ?? null })),
    log: log.slice(-logLines),
  }
}

/** Proved is what the outcome proves and no error came after; all else is what the error says. */
function describeOutcome(outcome: Outcome | undefined, error: unknown): Receipt['outcome'] {
  if (outcome?.kind === 'served' && error === undefined) return { kind: 'proved', proof: outcome.proof, version: outcome.version }
  if (outcome?.kind === 'held') {
    const { expiresAt, timeoutAction } = outcome.hold
    return { kind: 'held', exitCode: error instanceof CliError ? error.exitCode : exitCodes.done, expiresAt: isoOf(expiresAt ?? undefined), timeoutAction }
  }
  const { message, exitCode, fix = null, cause } = error instanceof CliError ? error : new CliError('unavailable', `A bug of fargate-ctl: ${describeCause(error)}`, { exitCode: exitCodes.bug })
  const told = { exitCode, message, cause: describeCause(cause) ?? null, fix }
  if (exitCode > 128) return { kind: 'interrupted', ...told }
  return { kind: outcome?.kind === 'unknown' ? 'unknown' : 'failed', ...told }
}
