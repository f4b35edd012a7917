import { z } from 'zod'

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html
const containerSchema = z.looseObject({ ImageID: z.string().optional() })
const taskSchema = z.looseObject({ TaskARN: z.string(), AvailabilityZone: z.string().optional() })

/** What the app knows about the task it runs in. */
export type Task = {
  id: string
  zone: string | undefined
  /** The digest of this container's image; a task can have others, such as a sidecar. */
  imageDigest: string | undefined
}

const patienceMilliseconds = 1000

/**
 * Asks the task metadata endpoint; where it does not answer at first, it is asked again until it does.
 * @param metadataUri `ECS_CONTAINER_METADATA_URI_V4`, which is this container's own; undefined outside ECS
 * @returns what gives the task, undefined as long as it is not known
 */
export async function findTask(metadataUri: string | undefined): Promise<() => Task | undefined> {
  let task: Task | undefined
  const ask = async (uri: string): Promise<void> => {
    task = await readTask(uri).catch(() => undefined)
    if (!task) setTimeout(() => void ask(uri), patienceMilliseconds).unref()
  }
  if (metadataUri) await ask(metadataUri)
  return () => task
}

async function readTask(uri: string): Promise<Task> {
  const [container, task] = await Promise.all([readJson(uri), readJson(`${uri}/task`)])
  const { ImageID } = containerSchema.parse(container)
  const { TaskARN, AvailabilityZone } = taskSchema.parse(task)
  return { id: TaskARN.split('/').at(-1) ?? TaskARN, zone: AvailabilityZone, imageDigest: ImageID }
}

async function readJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(patienceMilliseconds) })
  return response.json()
}
