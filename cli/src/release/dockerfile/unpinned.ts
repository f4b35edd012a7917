import { CliError } from '../../platform/errors.ts'
import { readStages, type Stage } from './stages.ts'

/**
 * What a Dockerfile takes from elsewhere by a name that may come to mean something else: base images without a digest,
 * and addresses. A tag made from the text cannot know that they have changed. An image named by FARGATE_CTL_BASE_IMAGE
 * is the caller's own affair.
 */
export function findUnpinned(text: string, platform: string): string[] {
  const stages = stagesOf(text, platform)
  if (!stages) return ['What this Dockerfile is built from']
  const names = new Set(stages.map(({ name }) => name))
  const isKnown = (image: string) => image === 'scratch' || names.has(image.toLowerCase()) || /^\d+$/.test(image) || /@sha256:[0-9a-f]{64}$/.test(image)
  const images = stages.flatMap(({ base, body }) => [base, ...body.flatMap(({ flags }) => flags.from ?? [])])
  const addresses = stages.flatMap(({ body }) =>
    body.filter(({ keyword, flags }) => keyword === 'ADD' && !flags.checksum).flatMap(({ text }) => text.match(/\b(?:https?|git|ssh):[^\s"]+/g) ?? []),
  )
  return [...new Set([...images.filter((image) => !isKnown(image)), ...addresses])]
}

/** undefined where only the engine can read it. */
function stagesOf(text: string, platform: string): Stage[] | undefined {
  try {
    return readStages(text, {}, platform).stages
  } catch (error) {
    if (error instanceof CliError) return undefined
    throw error
  }
}
