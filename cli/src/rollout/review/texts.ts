import type { ContainerImage } from '../../terraform/plan/images.ts'
import type { Action } from '../../terraform/plan/read-plan.ts'
import type { ImageChange, Review } from './review.ts'

/** Terraform's own signs. */
export const signs: Record<Action, string> = { create: '+', update: '~', replace: '-/+', destroy: '-', forget: '.', none: ' ' }

/** `+1 ~2 -/+0 -0, risk: low` */
export function formatVerdict({ counts, risk, isEmpty, resources }: Review): string {
  if (isEmpty) return 'No changes: the infrastructure is as described.'
  const { create, update, replace, destroy } = counts
  const only = resources.every(({ action }) => action === 'none') ? ' (outputs or the state alone)' : ''
  return `+${create} ~${update} -/+${replace} -${destroy}${only}, risk: ${risk}`
}

/** `v1.4.0 (sha256:5d6f…, commit 1f0c3a5)` */
export function describeImage({ image, tag, commit }: ContainerImage): string {
  const digest = /sha256:[0-9a-f]{12}/.exec(image)?.[0]
  const known = [digest && `${digest}…`, commit && `commit ${shortCommit(commit)}`].filter(Boolean).join(', ')
  return `${tag ?? image}${known ? ` (${known})` : ''}`
}

/** What the commits between two images cannot tell, or are not all of. */
export function describeSpan({ from, to, commits }: ImageChange): string[] {
  if (!from || !to) return []
  if (commits) return commits.more > 0 ? [`the newest ${commits.lines.length} of ${commits.lines.length + commits.more} commits:`] : []
  if (!from.commit || !to.commit) return [`the commits between are unknown: the ${from.commit ? 'new' : 'old'} image names none`]
  return ['the commits between are unknown: this checkout does not lead from the one to the other']
}

const shortCommit = (commit: string) => commit.replace(/^([0-9a-f]{7})[0-9a-f]*/, '$1')
