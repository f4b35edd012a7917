import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { requireSettings } from '../terraform/settings/check-settings.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { deploy, type DeployResult } from '../rollout/deploy.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Engine, EngineChoice } from '../release/engine.ts'
import { run } from '../platform/run.ts'
import { bootstrap } from './bootstrap.ts'
import { chooseBaseImage } from './choose-base-image.ts'
import { ensureEmbeddedAws, findRunning, stopEmbeddedAws } from './embedded-aws.ts'
import { chooseEngine, stopOwnEngine } from './engine.ts'
import { enterRehearsal, rehearsalVariables } from './environment.ts'
import { ensureCertificate } from './gateway/balancer/certificate.ts'
import { withoutIsolation } from './isolation.ts'
import { exportCheckouts } from './module-checkouts.ts'
import { prepareTerraform, servedModules, type ModuleOrigin } from './prepare-terraform.ts'

export type RehearseFlags = {
  /** Default: docker, or none where it cannot be had. */
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

/**
 * The whole way from source to a webapp that answers, on this machine: the same build and deploy as for AWS, pointed
 * at an embedded AWS by environment variables alone.
 * @throws CliError
 */
export async function rehearse(project: Project, flags: RehearseFlags, terminal: Terminal): Promise<RehearseResult> {
  const settings = await requireSettings(project, terminal)
  const { engine, version, modules } = await prepare(project, settings, flags, terminal)
  const deployFlags = { ...flags, engine, build: true, push: true, force: false, planOnly: false, autoApprove: true }
  const result = await deploy(project, settings, deployFlags, terminal)
  return { ...result, modules, engine: `${engine} ${version}`.trim(), isolation: engine !== 'none' }
}

/** All that an account on AWS would have before the first deployment; leaves this process in the rehearsal's environment. */
async function prepare(project: Project, settings: Settings, flags: RehearseFlags, terminal: Terminal) {
  const stateDir = rehearsalFolder(project)
  await mkdir(stateDir, { recursive: true })
  const checkouts = flags.modules ? resolve(flags.modules) : undefined
  if (checkouts) await terminal.step('Modules from checkouts', () => exportCheckouts(project, checkouts, servedModules(stateDir)))
  const { engine, version } = await terminal.step('Container engine', () => chooseEngine(flags.engine, project.scratch))
  if (engine === 'none') terminal.warn(withoutIsolation)
  const { url } = await terminal.step('Embedded AWS', () =>
    ensureEmbeddedAws({
      python: join(project.scratch, 'tools', 'python', 'bin', 'python3'),
      stateDir,
      modules: servedModules(stateDir),
      speed: flags.speed,
      tasksAre: engine === 'none' ? 'processes' : 'containers',
    }),
  )
  await ensureCertificate(join(stateDir, 'gateway'), settings.inputs.domain_name ?? undefined)
  const variables = rehearsalVariables({ url, region: settings.inputs.region, stateDir })
  enterRehearsal(variables)
  const { configFile, modules } = await terminal.step('Terraform modules and provider', () =>
    prepareTerraform({ project, stateDir, fromCheckouts: checkouts !== undefined, registryUrl: url }),
  )
  await terminal.step('State bucket and ECR repository', () => bootstrap(settings))
  const base = engine === 'none' ? engine : await terminal.step('Base image', () => findBaseImage(project, settings, engine, terminal))
  const chosen = { TF_CLI_CONFIG_FILE: configFile, FARGATE_CTL_BASE_IMAGE: base, FARGATE_CTL_ENGINE: engine }
  enterRehearsal(await saveVariables(stateDir, { ...variables, ...chosen }))
  return { engine, version, modules }
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
export async function takeDown(project: Project, engine: EngineChoice | undefined, terminal: Terminal): Promise<void> {
  const stateDir = rehearsalFolder(project)
  await terminal.step('Embedded AWS and its containers', async () => {
    await stopEmbeddedAws(stateDir)
    if (engine !== 'none') await removeContainers(engine ?? 'docker', stateDir).catch(() => undefined)
    await rm(stateDir, { recursive: true, force: true })
  })
  if ((await stopOwnEngine(project.scratch)) === 'in use') {
    terminal.warn('The container engine was left running: other containers use it.')
  }
}

/** @returns the variables that point other programs at the running rehearsal, or undefined when none runs */
export async function readRehearsalVariables(project: Project): Promise<Record<string, string> | undefined> {
  const stateDir = rehearsalFolder(project)
  if (!(await findRunning(stateDir))) return undefined
  return JSON.parse(await readFile(variablesFile(stateDir), 'utf8')) as Record<string, string>
}

const variablesFile = (stateDir: string) => join(stateDir, 'variables.json')

async function saveVariables(stateDir: string, variables: Record<string, string | undefined>): Promise<Record<string, string>> {
  const text = JSON.stringify(variables)
  await writeFile(variablesFile(stateDir), text)
  return JSON.parse(text) as Record<string, string>
}

async function removeContainers(engine: Engine, stateDir: string): Promise<void> {
  const filter = ['--filter', `label=fargate-ctl.rehearsal=${join(stateDir, 'gateway')}`]
  const containers = await run(engine, ['ps', '--all', '--quiet', ...filter], { accept: 'any' })
  const ids = containers.stdout.split('\n').filter(Boolean)
  if (ids.length > 0) await run(engine, ['rm', '--force', '--volumes', ...ids], { accept: 'any' })
  const networks = await run(engine, ['network', 'ls', '--quiet', ...filter], { accept: 'any' })
  const names = networks.stdout.split('\n').filter(Boolean)
  if (names.length > 0) await run(engine, ['network', 'rm', ...names], { accept: 'any' })
}
