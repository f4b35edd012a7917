import { isDeepStrictEqual } from 'node:util'
import { findDigests } from '../platform/aws/ecr.ts'
import { requireBucket } from '../platform/aws/s3.ts'
import { getIdentity, requireAccount } from '../platform/aws/sts.ts'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { ask } from '../platform/terminal/ask.ts'
import { describeAge } from '../platform/terminal/describe-age.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { repositoryName } from '../release/release.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { readOutputs, type Terraform } from '../terraform/terraform.ts'
import { terraformFor } from '../terraform/terraform-for.ts'
import { deployRelease, requireSomeoneToAsk, type DeployResult, type RolloutFlags } from './deploy.ts'
import { findHold, stopHeld } from './hold.ts'
import { ensureInit } from './open.ts'
import { isProved, shortDigest, type Receipt } from './receipt/receipt.ts'
import { openReceipts, type Numbered, type Receipts } from './receipt/store.ts'
import { findDeployedService, readServiceOutputs } from './service.ts'
import { readTruth, type Truth } from './truth.ts'

/** How far back a version is looked for that was proved. */
const receiptsRead = 50

/**
 * Deploys a version again that a receipt proves, by its digest and through Terraform, so that its state and what runs agree.
 * A deployment that is held is stopped first.
 * @param asked the receipt's id or number; otherwise the last proved version other than the one that runs, or where
 *   Terraform's state is ahead of what runs, the one that runs
 * @throws CliError
 */
export async function rollback(project: Project, settings: Settings, asked: string | undefined, flags: RolloutFlags, terminal: Terminal): Promise<DeployResult> {
  if (!flags.planOnly && !flags.autoApprove) requireSomeoneToAsk()
  const { region } = settings.inputs
  const receipts = openReceipts(project, settings, terminal)
  const terraform = terraformFor(project)
  await requireAccount(settings.inputs)
  await ensureInit(terraform, terminal)
  await endHold(region, terraform, flags, terminal)
  const { identity, truth, target } = await terminal.step('Check account, bucket, receipts and image', async () => {
    const newest = receipts.newest(receiptsRead)
    const [identity, truth] = await Promise.all([getIdentity(region), readTruth(region, readOutputs(terraform), newest), requireBucket(settings.backend)])
    const target = asked === undefined ? chooseTarget(await newest, truth) : await findTarget(receipts, asked)
    await requireImage(target.receipt, region)
    return { identity, truth, target }
  })
  printTarget(target, truth, settings, terminal)
  const prepared = { identity, release: target.receipt.release }
  return deployRelease({ project, settings, command: 'rollback' }, prepared, flags, terminal)
}

async function endHold(region: string, terraform: Terraform, flags: RolloutFlags, terminal: Terminal): Promise<void> {
  const service = findDeployedService(region, readServiceOutputs(await readOutputs(terraform)))
  const hold = service && findHold(await service.deployments())
  if (!hold) return
  if (flags.planOnly) return terminal.note('  A deployment is held; without --plan-only it would be stopped first.')
  const question = `${terminal.colors.bold('Stop the deployment that is held?')} Only "yes" is a yes: `
  if (!flags.autoApprove && (await ask(question)) !== 'yes') throw new CliError('usage', 'Not approved; it is still held.')
  await stopHeld(service, hold, flags.timeout, terminal)
  terminal.note('  The held deployment is stopped: what served before serves again.')
}

function chooseTarget(receipts: Numbered[], { live, drift, unknown }: Truth): Numbered {
  if (unknown) throw new CliError('unavailable', 'What runs now is not known, so neither is what to go back to.', { cause: unknown, fix: 'Name a receipt of `fargate-ctl history`: fargate-ctl rollback <id>' })
  const proved = receipts.filter(({ receipt }) => isProved(receipt))
  const runs = ({ receipt }: Numbered) => receipt.release.digest === live?.digest
  const target = drift ? (proved.find(runs) ?? proved[0]) : proved.find((each) => !runs(each))
  if (target) return target
  throw new CliError('usage', 'No receipt proves another version that one could go back to.', {
    fix: '`fargate-ctl history` lists what was deployed; an older image can be deployed with `fargate-ctl deploy --tag`.',
  })
}

async function findTarget(receipts: Receipts, asked: string): Promise<Numbered> {
  const target = await receipts.find(asked)
  if (isProved(target.receipt)) return target
  throw new CliError('usage', `Receipt ${target.receipt.id} is no proof that ${target.receipt.release.tag} ever served: it says ${target.receipt.outcome.kind}.`, {
    fix: 'Name one that says proved: `fargate-ctl history` lists them.',
  })
}

async function requireImage({ release, id }: Receipt, region: string): Promise<void> {
  const found = await findDigests(repositoryName(release), [release.digest], region)
  if (found.has(release.digest)) return
  throw new CliError('unavailable', `The image of receipt ${id} is no longer in ECR: ${repositoryName(release)}@${release.digest}`, {
    fix: `Build it again${release.commit ? ` from commit ${release.commit}` : ''} and deploy that, or name another receipt of \`fargate-ctl history\`.`,
  })
}

/** From what to what, and what stays as it is now. */
function printTarget({ number, receipt }: Numbered, { live }: Truth, { variables }: Settings, terminal: Terminal): void {
  const { release, endedAt, by, id } = receipt
  const line = (name: string, text: string) => terminal.note(`  ${terminal.colors.dim(name.padEnd(6))} ${text}`)
  line('from', live?.digest ? `${shortDigest(live.digest)}, which runs now` : 'what runs now, which is not known')
  line('to', `${release.tag}${release.version ? ` (version ${release.version})` : ''}, ${shortDigest(release.digest)}: receipt ${number} (${id})`)
  line('proved', `${describeAge(endedAt)}, ${endedAt}, deployed by ${by.who}`)
  line('image', 'still in ECR')
  const changed = listChanged(receipt.variables.values, variables.values)
  const stays = changed.length > 0 ? `variables that have changed since: ${changed.join('; ')}` : 'no variable has changed since'
  line('stays', `infrastructure/ as it is in this checkout; ${stays}`)
}

/** Variables of either, but for those that the release brings. */
function listChanged(then: Record<string, unknown>, now: Record<string, unknown>): string[] {
  const show = (value: unknown) => JSON.stringify(value) ?? 'not set'
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])].filter((name) => !/^image_(tag|digest|commit)$/.test(name))
  return names.filter((name) => !isDeepStrictEqual(then[name], now[name])).map((name) => `${name} ${show(then[name])} → ${show(now[name])}`)
}
