import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
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
const resourceSchema = z.object({ address: z.string(), mode: z.string(), type: z.string(), change: z.object({ after: values }) })
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
  /** @returns the resources of that type in the plan of that run */
  planned: (run: string, type: string) => Planned[]
}

/**
 * Runs `terraform test` on a copy of infrastructure/, with the modules served on loopback.
 * @param modules folder with vpc/, alb/ and ecs/; default: the stand-ins
 */
export function testInfrastructure(t: Test, modules?: string): Promise<InfrastructureTest> {
  return testRoot(t, (folder) => cpSync(infrastructure, folder, { recursive: true, filter: withoutData }), modules)
}

/** Runs `terraform test` on a copy of infrastructure/bootstrap/, which uses no modules. */
export function testBootstrap(t: Test): Promise<InfrastructureTest> {
  return testRoot(t, (folder) => cpSync(join(infrastructure, 'bootstrap'), folder, { recursive: true, filter: withoutData }))
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
  const scratch = t.testdir({ modules: {} })
  const folder = join(scratch, 'infrastructure')
  write(folder)
  const registry = await serveModuleRegistry(linkModules(join(scratch, 'modules'), modules))
  t.teardown(registry.close)
  const file = join(scratch, 'terraform.rc')
  await writeTerraformConfig({ file, registryUrl: registry.url, providerMirror: await findProviderMirror() })
  const env = { TF_CLI_CONFIG_FILE: file, TF_DATA_DIR: join(scratch, 'data'), TF_IN_AUTOMATION: '1', TF_WORKSPACE: undefined }
  await terraform(folder, env, ['init', '-backend=false', '-lockfile=readonly', '-input=false', '-no-color'])
  const { stdout, exitCode } = await terraform(folder, env, ['test', '-json', '-verbose'], 'any')
  return readResult(stdout, exitCode)
}

/** Puts the modules where modules.json names them, so that real ones are served as stand-ins are. */
function linkModules(folder: string, modules: string): string {
  mkdirSync(folder, { recursive: true })
  cpSync(join(standIns, 'modules.json'), join(folder, 'modules.json'))
  for (const name of ['vpc', 'alb', 'ecs']) symlinkSync(join(modules, name), join(folder, name))
  return folder
}

async function terraform(cwd: string, env: Record<string, string | undefined>, args: string[], accept?: 'any') {
  try {
    return await run('terraform', args, { cwd, env, ...(accept ? { accept } : {}) })
  } catch (error) {
    if (error instanceof ProgramError) throw new Error(`${error.message}\n${error.result.stdout}\n${error.result.stderr}`, { cause: error })
    throw error
  }
}

function readResult(stdout: string, exitCode: number): InfrastructureTest {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  const messages = lines.map((line) => messageSchema.parse(JSON.parse(line)))
  const plans = new Map(messages.flatMap((message) => (message.test_plan ? [[message['@testrun'], message.test_plan]] : [])))
  return {
    passed: exitCode === 0,
    output: messages.map((message) => [message['@message'], message.diagnostic?.detail].filter(Boolean).join('\n')).join('\n'),
    planned: (run, type) => {
      const resources = plans.get(run)?.resource_changes ?? []
      return resources.filter((resource) => resource.mode === 'managed' && resource.type === type).map(({ change }) => change.after ?? {})
    },
  }
}
