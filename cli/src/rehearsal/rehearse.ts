import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import { requireSettings } from '../terraform/settings/check-settings.ts'
import { readConfigurationOnce } from '../terraform/settings/cache.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { deploy, type DeployResult } from '../rollout/deploy.ts'
import { inEnvironment, listEnvironments, type Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Engine, EngineChoice } from '../release/engine.ts'
import { bootstrap } from './bootstrap.ts'
import { chooseBaseImage } from './choose-base-image.ts'
import { readEnvironment, removeEmbeddedAws, startEmbeddedAws, type Environment } from './embedded-aws.ts'
import { chooseEngine, stopOwnEngine } from './engine.ts'
import { enterRehearsal, rehearsalEnvironment } from './environment.ts'
import { withoutIsolation } from './isolation.ts'
import { exportCheckouts } from './module-checkouts.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { prepareTerraform, type ModuleOrigin } from './prepare-terraform.ts'

export type RehearseFlags = {
  /** Default: docker, else podman, or none where neither can be had. */
  engine?: EngineChoice | undefined
  once: boolean
  timeout: number
  /** How many of AWS's seconds pass in one. */
  speed: number
  /** A folder of git checkouts to take the Terraform modules from. */
  modules?: string | undefined
}

/** What `rehearse --json` prints. */
export type RehearseResult = DeployResult & {
  modules: ModuleOrigin
  engine: string
  /** Whether tasks were containers; without an engine they are processes of this machine. */
  isolation: boolean
}

/** Where a rehearsal keeps everything it makes. */
export const rehearsalFolder = ({ scratch }: Project) => join(scratch, 'rehearsal')
const awsFolder = (project: Project) => join(rehearsalFolder(project), 'embedded-aws')
/** Terraform of others has none, and takes its modules from the registry, if it uses any. */
function findStandIns({ infrastructure }: Project): string | undefined {
  const folder = join(infrastructure, 'tests', 'stand-ins')
  return existsSync(folder) ? folder : undefined
}
const checkoutsFolder = (project: Project) => join(rehearsalFolder(project), 'modules')

/**
 * The whole way from source to a webapp that answers, on this machine: the same build and deploy as for AWS, pointed
 * at an embedded AWS by environment variables alone.
 * @throws CliError
 */
export function rehearse(project: Project, flags: RehearseFlags, terminal: Terminal): Promise<RehearseResult> {
  return oneAtATime(project.scratch, () => rehearseAlone(project, flags, terminal))
}

async function rehearseAlone(project: Project, flags: RehearseFlags, terminal: Terminal): Promise<RehearseResult> {
  const settings = await requireSettings(project, terminal)
  const { engine, version, terraform } = await prepare(project, settings, flags, terminal)
  try {
    // What is broken on purpose is tried again and again.
    const deployFlags = { ...flags, engine, build: true, push: true, force: false, planOnly: false, autoApprove: true, allowKnownBad: true }
    const result = await deploy(project, settings, deployFlags, terminal)
    return { ...result, modules: terraform.modules, engine: `${engine} ${version}`.trim(), isolation: engine !== 'none' }
  } finally {
    await terraform.close()
  }
}

/** All that an account on AWS would have before the first deployment; leaves this process in the rehearsal's environment. */
async function prepare(project: Project, settings: Settings, flags: RehearseFlags, terminal: Terminal) {
  const stateDir = rehearsalFolder(project)
  await mkdir(stateDir, { recursive: true })
  const checkouts = flags.modules ? resolve(flags.modules) : undefined
  if (checkouts) await terminal.step('Modules from checkouts', () => exportCheckouts(project, checkouts, checkoutsFolder(project)))
  const { engine, version } = await terminal.step('Container engine', () => chooseEngine(flags.engine, project.scratch))
  if (engine === 'none') terminal.warn(withoutIsolation)
  const aws = await terminal.step('Embedded AWS', async () =>
    startEmbeddedAws({
      stateDir: awsFolder(project),
      python: findPython(project),
      region: settings.inputs.region,
      speed: flags.speed,
      engine,
      ...(await listAccounts(project, settings)),
      domainName: settings.inputs.domain_name ?? undefined,
    }, (text) => terminal.note(`  ${text}`)),
  )
  enterRehearsal(rehearsalEnvironment(aws, {}))
  const terraform = await terminal.step('Terraform modules and provider', () =>
    prepareTerraform({ stateDir, standIns: findStandIns(project), checkouts: checkouts && checkoutsFolder(project) }),
  )
  await terminal.step('State bucket and ECR repository', () => bootstrap(settings))
  const base = engine === 'none' ? engine : await terminal.step('Base image', () => findBaseImage(project, settings, engine, terminal))
  const own = {
    AWS_REGION: settings.inputs.region,
    TF_DATA_DIR: join(stateDir, 'terraform'),
    TF_CLI_CONFIG_FILE: terraform.configFile,
    FARGATE_CTL_BASE_IMAGE: base,
    FARGATE_CTL_ENGINE: engine,
  }
  enterRehearsal(rehearsalEnvironment(aws, await saveVariables(project, own)))
  return { engine, version, terraform }
}

/** Whose key is used, and all that the project's environments have, so that several can be rehearsed at once. */
async function listAccounts(project: Project, settings: Settings): Promise<{ account: string | undefined; accounts: string[] }> {
  const others = await Promise.all(listEnvironments(project).map((name) => readConfigurationOnce(inEnvironment(project, name))))
  const accounts = [settings, ...others.map((each) => each.settings)].flatMap((each) => each?.inputs.allowed_account_ids ?? [])
  return { account: settings.inputs.allowed_account_ids?.[0], accounts: [...new Set(accounts)].sort() }
}

/** @throws CliError `unavailable` when `npm run setup` has not made it yet */
function findPython({ scratch }: Project): string {
  const python = join(scratch, 'tools', 'python', 'bin', 'python3')
  if (existsSync(python)) return python
  throw new CliError('unavailable', 'The embedded AWS is not installed in this clone.', { fix: 'Run `npm run setup`.' })
}

function findBaseImage(
  { scratch, application }: Project,
  { inputs }: Settings,
  engine: Engine,
  terminal: Terminal,
): Promise<string | undefined> {
  const arch = inputs.cpu_architecture === 'ARM64' ? 'arm64' : 'x64'
  const dockerfile = join(application, 'Dockerfile')
  const say = (text: string) => terminal.note(`  ${text}`)
  return chooseBaseImage({ engine, arch, cacheDir: join(scratch, 'base-image'), dockerfile, say })
}

/** Stops the rehearsal and removes all it made; images and tools stay for the next one. */
export function takeDown(project: Project, terminal: Terminal): Promise<void> {
  return oneAtATime(project.scratch, () => takeDownAlone(project, terminal))
}

async function takeDownAlone(project: Project, terminal: Terminal): Promise<void> {
  await terminal.step('Embedded AWS and its containers', async () => {
    await removeEmbeddedAws(awsFolder(project), (text) => terminal.note(`  ${text}`))
    await rm(rehearsalFolder(project), { recursive: true, force: true })
  })
  if ((await stopOwnEngine(project.scratch)) === 'in use') {
    terminal.warn('The container engine was left running: other containers use it.')
  }
}

/** @returns the variables that point other programs at the running rehearsal, or undefined when none runs */
export async function readRehearsalEnvironment(project: Project): Promise<Environment | undefined> {
  const own = await readVariables(project)
  const { settings } = await readConfigurationOnce(project)
  const aws = own && (await readEnvironment(awsFolder(project), own.AWS_REGION, settings?.inputs.allowed_account_ids?.[0]))
  return aws && rehearsalEnvironment(aws, own)
}

const variablesFile = (project: Project) => join(rehearsalFolder(project), `variables${project.environment ? `-${project.environment}` : ''}.json`)
const variablesSchema = z.object({ AWS_REGION: z.string() }).catchall(z.string())
type Variables = z.infer<typeof variablesSchema>

async function saveVariables(project: Project, variables: Record<string, string | undefined>): Promise<Variables> {
  const text = JSON.stringify(variables)
  // Whoever asks at this very moment reads all of it, or that of last time.
  await writeFile(`${variablesFile(project)}.new`, text)
  await rename(`${variablesFile(project)}.new`, variablesFile(project))
  return variablesSchema.parse(JSON.parse(text))
}

/** @returns undefined before a rehearsal has got so far. @throws CliError when the file is damaged */
async function readVariables(project: Project): Promise<Variables | undefined> {
  const file = variablesFile(project)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return variablesSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new CliError('unavailable', `${file} is damaged.`, { fix: 'Run `fargate-ctl rehearse`, which writes it anew.', cause })
  }
}
