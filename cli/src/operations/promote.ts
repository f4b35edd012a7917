import { addTag, describeRepository, findImage, getRegistryLogin, tagTaken } from '../platform/aws/ecr.ts'
import { requireBucket } from '../platform/aws/s3.ts'
import { getIdentity, requireAccount } from '../platform/aws/sts.ts'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { describeAge } from '../platform/terminal/describe-age.ts'
import { hideSecret } from '../platform/terminal/secrets.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { copyImage } from '../release/copy-image.ts'
import { RegistryError, type RegistryRepository } from '../release/registry.ts'
import { repositoryName, type Release } from '../release/release.ts'
import { deployRelease, requireSomeoneToAsk, type DeployResult, type RolloutFlags } from '../rollout/deploy.ts'
import { isProved, shortDigest, type Receipt } from '../rollout/receipt/receipt.ts'
import { openReceipts } from '../rollout/receipt/store.ts'
import { refuseUnsavedState } from '../terraform/explain-failure.ts'
import { requireSettings } from '../terraform/settings/check-settings.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { terraformFor } from '../terraform/terraform-for.ts'

/** One of the environments that the same infrastructure/ is applied for. */
export type NamedEnvironment = { name: string; project: Project }

export type PromoteFlags = RolloutFlags & {
  /** The receipt whose release is promoted; default: the last one. */
  receipt?: string | undefined
  /** What the image is called there; default: as it is here. */
  tag?: string | undefined
}

/**
 * Copies the image that one environment's last receipt proves to another environment's repository, and deploys it there.
 * @throws CliError
 */
export async function promote(from: NamedEnvironment, to: NamedEnvironment, flags: PromoteFlags, terminal: Terminal): Promise<DeployResult> {
  if (!flags.planOnly && !flags.autoApprove) requireSomeoneToAsk()
  refuseUnsavedState(terraformFor(to.project))
  const sourceSettings = await enter(from, terminal)
  const source = await terminal.step(`Check what is proved in ${from.name}`, () => at(from, openSource(from, sourceSettings, flags.receipt, terminal)))
  const { receipt } = source
  const settings = await enter(to, terminal)
  requireArchitecture(receipt.release, to, settings)
  const { identity, repository } = await terminal.step(`Check account, repository and bucket of ${to.name}`, () => at(to, openTarget(settings)))
  const release = { ...receipt.release, repository: repository.uri, tag: flags.tag ?? receipt.release.tag }
  printSource(from, receipt, release, terminal)
  if (flags.planOnly) terminal.note('  Nothing is copied: it is planned only.')
  else await bringImage(source, { release, settings, immutable: repository.immutable }, from, to, terminal)
  const promotedFrom = { env: from.name, receipt: receipt.id, repository: receipt.release.repository, account: receipt.target.account }
  return deployRelease({ project: to.project, settings, command: 'promote', promotedFrom }, { release, identity }, flags, terminal)
}

/** From here on AWS is asked as the role of this environment, and its files are those that messages name. */
function enter({ name, project }: NamedEnvironment, terminal: Terminal): Promise<Settings> {
  process.env.FARGATE_CTL_ENV = name
  return requireSettings(project, terminal, ['inputs/image-tag'])
}

/** Says of an error on whose side it is: the two may be of different accounts, roles and regions. */
function at<Result>({ name }: NamedEnvironment, work: Promise<Result>): Promise<Result> {
  return work.catch((error: unknown) => {
    if (!(error instanceof CliError)) throw error
    const { message, fix, cause, exitCode } = error
    throw new CliError('unavailable', `${name}: ${message}`, { fix, cause, exitCode })
  })
}

type Source = { receipt: Receipt; registry: RegistryRepository }

async function openSource(from: NamedEnvironment, settings: Settings, asked: string | undefined, terminal: Terminal): Promise<Source> {
  await requireAccount(settings.inputs)
  const receipt = await findProved(from, settings, asked, terminal)
  return { receipt, registry: await openRegistry(receipt.release, settings.inputs.region) }
}

async function findProved({ name, project }: NamedEnvironment, settings: Settings, asked: string | undefined, terminal: Terminal): Promise<Receipt> {
  const receipts = openReceipts(project, settings, terminal)
  const { receipt } = asked === undefined ? ((await receipts.newest(1))[0] ?? {}) : await receipts.find(asked)
  if (!receipt) throw new CliError('usage', 'There is no receipt yet, so nothing is proved that could be promoted.', { fix: `Deploy to ${name} first.` })
  if (isProved(receipt)) return receipt
  const { id, release, outcome } = receipt
  throw new CliError('usage', `${asked === undefined ? 'The last receipt' : 'Receipt'} ${id} does not prove that ${release.tag} serves: it says ${outcome.kind}. Nothing was copied.`, {
    fix: `Deploy to ${name} until it is proved, or name a receipt that says proved with --receipt: \`fargate-ctl history\` lists them.`,
  })
}

async function openTarget({ backend, inputs }: Settings) {
  await requireAccount(inputs)
  const [identity, repository] = await Promise.all([
    getIdentity(inputs.region),
    describeRepository(inputs.repository_name, inputs.region),
    requireBucket(backend),
  ])
  return { identity, repository }
}

function requireArchitecture({ platform, tag }: Release, { name }: NamedEnvironment, { inputs }: Settings): void {
  const wanted = inputs.cpu_architecture === 'ARM64' ? 'linux/arm64' : 'linux/amd64'
  if (platform === null || platform === wanted) return
  throw new CliError('usage', `${tag} is an image for ${platform}, and the tasks of ${name} run on ${wanted}. Nothing was copied.`, {
    fix: `Let cpu_architecture be the same in both environments, or build for ${wanted}.`,
  })
}

function printSource(from: NamedEnvironment, { id, endedAt, by, release: source }: Receipt, { repository, tag, digest, version }: Release, terminal: Terminal): void {
  const line = (name: string, text: string) => terminal.note(`  ${terminal.colors.dim(name.padEnd(6))} ${text}`)
  line('image', `${tag}${version ? ` (version ${version})` : ''}, ${shortDigest(digest)}`)
  line('proved', `in ${from.name} ${describeAge(endedAt)}, deployed by ${by.who}: receipt ${id}`)
  line('from', source.repository)
  line('to', repository)
}

type Target = { release: Release; settings: Settings; immutable: boolean }

/** Brings an image to where it is to be deployed from, unless it is there already. */
async function bringImage({ receipt, registry }: Source, { release, settings, immutable }: Target, from: NamedEnvironment, to: NamedEnvironment, terminal: Terminal): Promise<void> {
  const { digest, tag } = release
  const name = repositoryName(release)
  const { region } = settings.inputs
  const [tagged, known] = await at(to, Promise.all([findImage(name, tag, region), findImage(name, digest, region)]))
  if (tagged?.digest === digest) return terminal.note('  The image is there already.')
  if (tagged && immutable) throw takenThere(name, tag, tagged.digest)
  await terminal.step(known ? 'Name the image, which is there already' : 'Copy the image', async (say) => {
    if (known) return at(to, addTag(name, digest, tag, region))
    const there = await at(to, openRegistry(release, region))
    await copyImage(digest, registry, there, tag, say).catch((error: unknown) => {
      throw error instanceof RegistryError ? explainRegistry(error, receipt.release, from.name, to.name) : error
    })
  })
}

const takenThere = (repository: string, tag: string, digest: string) =>
  new CliError('usage', tagTaken(repository, tag, { digest }).message, { fix: 'Give the image another name there with --tag.' })

async function openRegistry(release: Release, region: string): Promise<RegistryRepository> {
  const { endpoint, username, password } = await getRegistryLogin(region)
  hideSecret(password)
  // The login is good for other registries, too: the image may lie in another account's.
  const host = release.repository.slice(0, release.repository.indexOf('/'))
  return { url: `${new URL(endpoint).protocol}//${host}`, name: repositoryName(release), username, password }
}

function explainRegistry(error: RegistryError, { repository, digest }: Release, from: string, to: string): CliError {
  const isRead = error.method === 'GET'
  const side = isRead ? from : to
  if (isRead && error.status === 404) {
    return new CliError('unavailable', `${from}: the image is no longer in ECR: ${repository}@${digest}`, { cause: error, fix: `Build it again and deploy it to ${from}.` })
  }
  const permissions = isRead ? 'ecr:BatchGetImage and ecr:GetDownloadUrlForLayer' : 'ecr:PutImage, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload and ecr:BatchCheckLayerAvailability'
  const refused = [401, 403].includes(error.status)
  return new CliError('unavailable', `${side}: ECR ${refused ? 'does not let this identity' : 'could not'} ${isRead ? 'read' : 'write'} the image.`, {
    fix: refused ? `Ask for the permissions ${permissions}, or use another role for ${side}.` : 'Run the same command again; layers that arrived are not sent twice.',
    cause: error,
  })
}
