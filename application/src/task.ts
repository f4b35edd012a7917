import { z } from 'zod'

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html */
const metadataSchema = z.looseObject({
  TaskARN: z.string(),
  AvailabilityZone: z.string().optional(),
  Containers: z.array(z.looseObject({ DockerName: z.string().optional(), Name: z.string().optional(), ImageID: z.string().optional() })).default([]),
})

/** What the app knows about the task it runs in. */
export type Task = { id: string; zone: string | undefined; imageDigest: string | undefined }

const patienceMilliseconds = 1000

/** Asks the task metadata endpoint once. @returns undefined outside ECS, or when it does not answer */
export async function readTask(metadataUri: string | undefined): Promise<Task | undefined> {
  if (!metadataUri) return undefined
  try {
    const response = await fetch(`${metadataUri}/task`, { signal: AbortSignal.timeout(patienceMilliseconds) })
    const { TaskARN, AvailabilityZone, Containers } = metadataSchema.parse(await response.json())
    const image = Containers.find(({ ImageID }) => ImageID?.startsWith('sha256:'))
    return { id: TaskARN.split('/').at(-1) ?? TaskARN, zone: AvailabilityZone, imageDigest: image?.ImageID }
  } catch {
    return undefined
  }
}
