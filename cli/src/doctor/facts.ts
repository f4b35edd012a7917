import { actAs } from '../platform/aws/role.ts'
import { getIdentity, type Identity } from '../platform/aws/sts.ts'
import { openService, type Service, type TaskDefinition } from '../platform/aws/ecs.ts'
import type { Project } from '../platform/project.ts'
import type { EngineChoice } from '../release/engine.ts'
import { needsInit } from '../terraform/init.ts'
import { readConfigurationOnce } from '../terraform/settings/cache.ts'
import type { Configuration } from '../terraform/settings/read-configuration.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { findService, readServiceOutputs, type Outputs } from '../terraform/service-outputs.ts'
import { readOutputs } from '../terraform/terraform.ts'
import { terraformFor } from '../terraform/terraform-for.ts'
import { Skipped } from './check.ts'

/** What several checks need; each is found once, when the first of them asks. */
export type Facts = {
  project: Project
  engine: EngineChoice
  configuration: () => Promise<Configuration>
  settings: () => Promise<Settings>
  identity: () => Promise<Identity>
  outputs: () => Promise<Outputs & { image?: string | undefined }>
  service: () => Promise<Service>
  taskDefinition: () => Promise<TaskDefinition>
}

/**
 * Every fact throws `Skipped` where what it is read from is not there.
 * @param known the settings, where they have been read
 */
export function gatherFacts(project: Project, engine: EngineChoice, known?: Settings): Facts {
  const configuration = once(() => readConfigurationOnce(project))
  const settings = once(async () => {
    const settings = known ?? (await configuration()).settings
    if (!settings) throw new Skipped('the configuration has errors')
    actAs(settings.inputs)
    return settings
  })
  const outputs = once(async () => {
    await settings()
    const terraform = terraformFor(project)
    if (await needsInit(terraform)) throw new Skipped('terraform is not initialised here; deploy does it')
    const values = await readOutputs(terraform)
    if (Object.keys(values).length === 0) throw new Skipped('nothing is deployed yet')
    return { ...readServiceOutputs(values), image: typeof values.image === 'string' ? values.image : undefined }
  })
  const deployed = once(async () => {
    const { inputs } = await settings()
    const found = findService(inputs.region, await outputs())
    if (found) return openService(found)
    throw new Skipped("Terraform's outputs name no ECS service")
  })
  const service = once(async () => (await deployed()).describe())
  const taskDefinition = once(async () => {
    const definition = await (await deployed()).taskDefinition((await service()).taskDefinition ?? '')
    if (definition) return definition
    throw new Skipped('the service has no task definition')
  })
  const identity = once(async () => getIdentity((await settings()).inputs.region))
  return { project, engine, configuration, settings, identity, outputs, service, taskDefinition }
}

function once<Value>(find: () => Promise<Value>): () => Promise<Value> {
  let found: Promise<Value> | undefined
  return () => (found ??= find())
}
