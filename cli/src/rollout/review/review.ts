import { listCommits, type Commits } from '../../release/git.ts'
import type { Release } from '../../release/release.ts'
import { groupDrift, type DriftGroup } from '../../terraform/plan/group-drift.ts'
import type { ContainerImages } from '../../terraform/plan/images.ts'
import type { OutputChange, PlanContent, ResourceChange } from '../../terraform/plan/read-plan.ts'
import { findNotices, type Notice } from './notices.ts'

export type Counts = Record<'create' | 'update' | 'replace' | 'destroy', number>
export type Risk = 'none' | 'low' | 'medium' | 'high'

/** An image that a container is given; `commits` lie between the two, undefined where that is not known. */
export type ImageChange = ContainerImages & { commits: Commits | undefined }

/** What somebody has to know of a plan before they approve it, the gravest first. No sensitive value is in it. */
export type Review = {
  release: Release
  /** Whether applying it would change nothing at all. */
  isEmpty: boolean
  counts: Counts
  risk: Risk
  notices: Notice[]
  images: ImageChange[]
  resources: ResourceChange[]
  moved: ResourceChange[]
  imported: ResourceChange[]
  /** What Terraform will no longer look after, and leaves as it is. */
  forgotten: ResourceChange[]
  outputs: OutputChange[]
  drift: DriftGroup[]
}

/** @param folder a folder of the checkout whose commits the images name */
export async function reviewPlan({ resources, drift, outputs, images }: PlanContent, release: Release, isEmpty: boolean, folder: string): Promise<Review> {
  const notices = findNotices(resources)
  const counts = countActions(resources)
  return {
    release,
    isEmpty,
    counts,
    risk: judgeRisk(resources, notices, isEmpty),
    notices,
    images: await Promise.all(images.filter(hasNewImage).map((each) => addCommits(each, folder))),
    resources: resources.toSorted((a, b) => weigh(b) - weigh(a)),
    moved: resources.filter(({ previousAddress }) => previousAddress !== null),
    imported: resources.filter(({ importing }) => importing !== null),
    forgotten: resources.filter(({ action }) => action === 'forget'),
    outputs,
    drift: groupDrift(drift),
  }
}

/** A new revision of a task definition is what every deployment makes: nothing is lost with the old one. */
export const isRevision = ({ type, action }: ResourceChange) => type === 'aws_ecs_task_definition' && action === 'replace'

const weights = { destroy: 5, replace: 4, update: 2, create: 1, forget: 3, none: 0 }
const weigh = (resource: ResourceChange) => (isRevision(resource) ? weights.update : weights[resource.action])

function countActions(resources: ResourceChange[]): Counts {
  const count = (wanted: string) => resources.filter(({ action }) => action === wanted).length
  return { create: count('create'), update: count('update'), replace: count('replace'), destroy: count('destroy') }
}

/**
 * high: users notice, or data goes. medium: something else is destroyed or replaced, or permissions change. low: the rest.
 */
function judgeRisk(resources: ResourceChange[], notices: Notice[], isEmpty: boolean): Risk {
  if (isEmpty) return 'none'
  if (notices.some(({ severity }) => severity === 'high')) return 'high'
  const losses = resources.filter((each) => (each.action === 'destroy' || each.action === 'replace' || each.action === 'forget') && !isRevision(each))
  const permissions = resources.filter(({ type, action }) => action === 'update' && /^aws_(?:iam_|security_group|vpc_security_group)/.test(type))
  return notices.length + losses.length + permissions.length > 0 ? 'medium' : 'low'
}

const hasNewImage = ({ from, to }: ContainerImages) => to !== null && from?.image !== to.image

async function addCommits(images: ContainerImages, folder: string): Promise<ImageChange> {
  const [from, to] = [images.from?.commit, images.to?.commit].map((commit) => commit?.replace(/-dirty$/, ''))
  return { ...images, commits: from && to ? await listCommits(folder, from, to) : undefined }
}
