// What ECR's lifecycle policies delete, by its documented rules of evaluation:
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
import { z } from 'zod'

const policySchema = z.object({
  rules: z.array(
    z.object({
      rulePriority: z.number(),
      selection: z.object({
        tagStatus: z.enum(['tagged', 'untagged', 'any']),
        tagPrefixList: z.array(z.string()).default([]),
        countType: z.enum(['imageCountMoreThan', 'sinceImagePushed']),
        countNumber: z.number(),
      }),
      action: z.object({ type: z.literal('expire') }),
    }),
  ),
})
export type StoredImage = { digest: string; tags: string[]; pushedAt: Date }

/** @returns the digests that the policy deletes */
export function expire(policy: string, images: StoredImage[], now: Date): Set<string> {
  const expired = new Set<string>()
  const claimed = new Set<StoredImage>()
  for (const { selection } of policySchema.parse(JSON.parse(policy)).rules.sort((a, b) => a.rulePriority - b.rulePriority)) {
    const { tagStatus, tagPrefixList, countType, countNumber } = selection
    const isSelected = ({ tags }: StoredImage) => {
      if (tagStatus === 'any') return true
      if (tagStatus === 'untagged') return tags.length === 0
      // An image is selected only if its tags have all of the prefixes that are listed.
      return tags.length > 0 && tagPrefixList.every((prefix) => tags.some((tag) => tag.startsWith(prefix)))
    }
    // What a rule of higher priority has selected is not this one's to delete, but counts among the newest.
    const selected = images.filter(isSelected).sort((a, b) => Number(b.pushedAt) - Number(a.pushedAt))
    const beyond = countType === 'imageCountMoreThan' ? selected.slice(countNumber) : selected.filter(({ pushedAt }) => Number(now) - Number(pushedAt) > countNumber * 86_400_000)
    for (const { digest } of beyond.filter((image) => !claimed.has(image))) expired.add(digest)
    for (const image of selected) claimed.add(image)
  }
  return expired
}
