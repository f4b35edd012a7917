import { cpSync, globSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { z } from 'zod'
import { serveModuleRegistry } from '../../src/terraform/offline/module-registry.ts'
import { findProviderMirror } from '../../src/terraform/offline/provider-mirror.ts'
import { writeTerraformConfig } from '../../src/terraform/offline/terraform-config.ts'
import { ProgramError, run } from '../../src/platform/run.ts'

const infrastructure = fileURLToPath(new URL('../../../infrastructure', import.meta.url))
const standIns = join(infrastructure, 'tests', 'stand-ins')

const values = z.record(z.string(), z.unknown()).nullable()
const resourceSchema = z.object({
  mode: z.string(),
  type: z.string(),
  change: z.object({ after: values, after_unknown: z.record(z.string(), z.unknown()).default({}) }),
})
const messageSchema = z.looseObject({
  type: z.string(),
  '@message': z.string(),
  '@testrun': z.string().optional(),
  test_plan: z.object({ resource_changes: z.array(resourceSchema).default([]) }).optional(),
  diagnostic: z.looseObject({ detail: z.string().optional() }).optional(),
})

/** What a resource is planned to be, by argument. */
export type Planned = Record<string, any>

export type InfrastructureTest = {
  passed: boolean
  /** What terraform said, for the eye. */
  output: string
  /** @returns the resources of that type in the plan of that run, which is one of a file that is verbose */
  planned: (run: string, type: string) => Planned[]
  /** @returns all resources in the plan of that run, with what is known after the apply only */
  resources: (run: string) => { type: string; after: Planned; unknown: Planned }[]
}

/** Files whose plans are looked at. With each, terraform prints the whole schema of the provider: that takes its time. */
const verboseFiles = ['defaults', 'settings', 'everything', 'plan'].map((name) => `${name}.tftest.hcl`)

/**
 * Runs `terraform test` on a copy of infrastructure/, with the modules served on loopback.
 * @param modules folder in the form of the stand-ins'; default: these
 */
export function testInfrastructure(t: Test, modules?: string): Promise<InfrastructureTest> {
  return testRoot(t, copyInfrastructure, modules)
}

const copyInfrastructure = (folder: string) => cpSync(infrastructure, folder, { recursive: true, filter: withoutData })

/** Runs `terraform test` on a copy of infrastructure/bootstrap/, which uses no modules. */
export function testBootstrap(t: Test): Promise<InfrastructureTest> {
  return testRoot(t, (folder) => cpSync(join(infrastructure, 'bootstrap'), folder, { recursive: true, filter: withoutData }))
}

/**
 * Plans infrastructure/ as for a first apply, with nothing made up of what AWS decides.
 * @param settings by the name of the run: further arguments, as in a tfvars file
 * @returns the resources of a run
 */
export async function planInfrastructure(t: Test, settings: Record<string, string>, modules?: string): Promise<InfrastructureTest['resources']> {
  const runs = Object.entries(settings).map(([name, variables]) => `
run "${name}" {
  command = plan
  variables {
    image_tag = "abc123"
    ${variables}
  }
}
`)
  const write = (folder: string) => {
    copyInfrastructure(folder)
    for (const file of globSync(join(folder, 'tests', '*.tftest.hcl'))) rmSync(file)
    writeFileSync(join(folder, 'tests', 'plan.tftest.hcl'), `mock_provider "aws" {\n  source = "./tests/mocks"\n}\n${runs.join('')}`)
  }
  const { passed, output, resources } = await testRoot(t, write, modules)
  if (!passed) throw new Error(output)
  return resources
}

/** Plans another root, its main.tf alone, with the mocks of infrastructure/; the run is named `plan`. */
export function planRoot(t: Test, main: string, modules?: string): Promise<InfrastructureTest> {
  const write = (folder: string) => {
    const tests = join(folder, 'tests')
    cpSync(join(infrastructure, 'tests', 'mocks'), join(tests, 'mocks'), { recursive: true })
    cpSync(join(infrastructure, '.terraform.lock.hcl'), join(folder, '.terraform.lock.hcl'))
    writeFileSync(join(folder, 'main.tf'), main)
    writeFileSync(join(tests, 'plan.tftest.hcl'), planTest)
  }
  return testRoot(t, write, modules)
}

const withoutData = (path: string) => basename(path) !== '.terraform'

const planTest = `
mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "plan" {
  command = plan
}
`

async function testRoot(t: Test, write: (folder: string) => void, modules: string = standIns): Promise<InfrastructureTest> {
  const scratch = mkdtempSync(join(tmpdir(), 'fargate-ctl-infrastructure-'))
  t.teardown(() => rmSync(scratch, { recursive: true, force: true }))
  const folder = join(scratch, 'infrastructure')
  write(folder)
  const registry = await serveModuleRegistry(modules)
  t.teardown(registry.close)
  const file = join(scratch, 'terraform.rc')
  await writeTerraformConfig({ file, registryUrl: registry.url, providerMirror: await findProviderMirror() })
  const env = { TF_CLI_CONFIG_FILE: file, TF_DATA_DIR: join(scratch, 'data'), TF_IN_AUTOMATION: '1', TF_WORKSPACE: undefined }
  await terraform(folder, env, ['init', '-backend=false', '-lockfile=readonly', '-input=false', '-no-color'])
  const files = readdirSync(join(folder, 'tests')).filter((name) => name.endsWith('.tftest.hcl'))
  const runs = [
    { options: ['-verbose'], names: files.filter((name) => verboseFiles.includes(name)) },
    { options: [], names: files.filter((name) => !verboseFiles.includes(name)) },
  ]
  const results = await Promise.all(
    runs.filter(({ names }) => names.length > 0).map(({ options, names }) => {
      const filters = names.map((name) => `-filter=tests/${name}`)
      return terraform(folder, env, ['test', '-json', ...options, ...filters], 'any')
    }),
  )
  return readResult(results.map(({ stdout }) => stdout).join('\n'), results.every(({ exitCode }) => exitCode === 0))
}

async function terraform(cwd: string, env: Record<string, string | undefined>, args: string[], accept?: 'any') {
  try {
    return await run('terraform', args, { cwd, env, ...(accept ? { accept } : {}) })
  } catch (error) {
    if (error instanceof ProgramError) throw new Error(`${error.message}\n${error.result.stdout}\n${error.result.stderr}`, { cause: error })
    throw error
  }
}

function readResult(stdout: string, passed: boolean): InfrastructureTest {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  const messages = lines.map((line) => messageSchema.parse(JSON.parse(line)))
  const plans = new Map(messages.flatMap((message) => (message.test_plan ? [[message['@testrun'], message.test_plan]] : [])))
  const managed = (run: string) => (plans.get(run)?.resource_changes ?? []).filter(({ mode }) => mode === 'managed')
  return {
    passed,
    output: messages.map((message) => [message['@message'], message.diagnostic?.detail].filter(Boolean).join('\n')).join('\n'),
    planned: (run, type) => managed(run).filter((resource) => resource.type === type).map(({ change }) => change.after ?? {}),
    resources: (run) => managed(run).map(({ type, change }) => ({ type, after: change.after ?? {}, unknown: change.after_unknown })),
  }
}
