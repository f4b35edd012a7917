import { z } from 'zod'
import type { ShownResource } from './schema.ts'

/** What a container runs; each null where the task definition does not say. */
export type ContainerImage = { image: string; tag: string | null; commit: string | null }
export type ContainerImages = { container: string; from: ContainerImage | null; to: ContainerImage | null }

const containersSchema = z.array(
  z.looseObject({
    name: z.string(),
    image: z.string(),
    environment: z.array(z.looseObject({ name: z.string(), value: z.string().default('') })).nullish(),
  }),
)
const taskDefinitionSchema = z.looseObject({ container_definitions: z.string() })

/** The image of every container in the task definitions that change: what it was and what it becomes. */
export function readImages(resources: ShownResource[]): ContainerImages[] {
  const definitions = resources.filter(({ type, change }) => type === 'aws_ecs_task_definition' && change.actions[0] !== 'no-op')
  return definitions.flatMap(({ change }) => {
    const [before, after] = [readContainers(change.before), readContainers(change.after)]
    const names = [...new Set([...before.keys(), ...after.keys()])]
    return names.map((container) => ({ container, from: before.get(container) ?? null, to: after.get(container) ?? null }))
  })
}

/** None where the definitions are not known before the apply. */
function readContainers(values: unknown): Map<string, ContainerImage> {
  const definition = taskDefinitionSchema.safeParse(values)
  const containers = definition.success ? parse(definition.data.container_definitions) : []
  return new Map(containers.map(({ name, image, environment }) => {
    const variable = (wanted: string) => environment?.find((each) => each.name === wanted)?.value ?? null
    return [name, { image, tag: variable('IMAGE_TAG') ?? tagOf(image), commit: variable('IMAGE_COMMIT') }]
  }))
}

function parse(text: string): z.infer<typeof containersSchema> {
  try {
    return containersSchema.safeParse(JSON.parse(text)).data ?? []
  } catch {
    return []
  }
}

const tagOf = (image: string) => /:([^/:@]+)(?:@|$)/.exec(image.replace(/@.*$/, ''))?.[1] ?? null
