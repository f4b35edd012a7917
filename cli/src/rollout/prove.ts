import type { Service } from '../platform/aws/ecs.ts'
import type { Release } from '../release/release.ts'
import { describeAnswer, type Answer } from './ask-app.ts'
import { isComplete, type Observed } from './observe.ts'

/** What has to serve. */
export type Expected = {
  release: Release
  /** The release's digest and, where it is an index, those of its platforms. */
  digests: Set<string>
  /** ARN of the task definition that Terraform has deployed; undefined where its outputs do not say. */
  taskDefinition: string | undefined
  /** Name of the app's container; never the first one's, which may be a sidecar. */
  container: string | undefined
}

/** What proves that a release serves. */
export type Proof = {
  /** ARN of the deployment that succeeded; null where AWS has forgotten it, after 90 days. */
  deployment: string | null
  taskDefinition: string
  /** The digest that ECS resolved the image of the app's container to. */
  digest: string
  /** How many tasks run it; none runs anything else. */
  tasks: number
  /** What the app itself answered, and what of it is the release's: a health path alone says no version. */
  app: { shows: Shown; answer: string }
}

export type Shown = 'digest' | 'tag' | 'version' | 'health'

/** How often the app has to answer in a row, because a load balancer with old and new tasks behind it gives either. */
export const answersInARow = 3

/** @param answers the app's last ones, as many as were right in a row, or the one that was not */
export type Seen = { ecs: Observed; answers: Answer[] }

/** The app's container, by name: as Terraform says, or the one that the load balancer leads to. */
export function containerOf({ loadBalancers = [] }: Service, named: string | undefined): string | undefined {
  const led = new Set(loadBalancers.map(({ containerName }) => containerName))
  return named ?? (led.size === 1 ? loadBalancers[0]?.containerName : undefined)
}

/** @returns the proof, or a sentence for each part that is missing, with what was seen instead */
export function prove({ ecs, answers }: Seen, expected: Expected): { proof: Proof } | { missing: string[] } {
  const [answer = { nothing: 'no answer yet' }] = answers.slice(-1)
  const missing = [missingOfRevision(ecs, expected), missingOfTasks(ecs, expected), missingOfApp(answers, expected)].filter((each) => each !== undefined)
  const shows = shownBy(answer, expected)
  if (missing.length > 0 || !shows) return { missing }
  const app = { shows, answer: describeAnswer(answer) }
  const { taskDefinition = '' } = ecs.revision ?? {}
  const digest = resolvedDigest(ecs, expected) ?? expected.release.digest
  return { proof: { deployment: ecs.own?.serviceDeploymentArn ?? null, taskDefinition, digest, tasks: ecs.running.filter(runs).length, app } }
}

/** What of an answer is the release's; undefined where it is another's, or none. */
export function shownBy(answer: Answer, { release, digests }: Pick<Expected, 'release' | 'digests'>): Shown | undefined {
  if ('nothing' in answer) return undefined
  if ('healthStatus' in answer) return answer.healthStatus >= 200 && answer.healthStatus < 300 ? 'health' : undefined
  const { digest, tag, version } = answer.version
  if (digest) return digests.has(digest) ? 'digest' : undefined
  if (tag) return tag === release.tag ? 'tag' : undefined
  // A release without a version has nothing to compare it with: the answer says no more than a health path's.
  if (release.version === null) return 'health'
  return version === release.version ? 'version' : undefined
}

/** What ECS resolved the app's image to, once it has; a task definition that names a digest says it itself. */
export function resolvedDigest({ revision }: Pick<Observed, 'revision'>, { container }: Pick<Expected, 'container'>): string | undefined {
  const image = revision?.containerImages?.find(({ containerName }) => containerName === container)
  return image?.imageDigest ?? image?.image?.split('@')[1]
}

function missingOfRevision(ecs: Observed, expected: Expected): string | undefined {
  const { own, revision, service } = ecs
  const { container, taskDefinition, digests } = expected
  const on = taskDefinition ? ` of ${shortArn(taskDefinition)}` : ''
  if (taskDefinition && service.taskDefinition !== taskDefinition) return `ECS: the service's task definition is ${shortArn(service.taskDefinition)}`
  if (!isComplete(service)) return `ECS: the deployment${on} is ${own?.status ?? 'not listed yet'}; it is not complete`
  if (own && own.status !== 'SUCCESSFUL') return `ECS: the deployment${on} is ${own.status}`
  if (!revision) return `ECS: the service revision${on} cannot be read`
  const digest = resolvedDigest(ecs, expected)
  if (!digest) return `ECS: the service revision names no digest of the container ${container ?? '(its name is unknown)'}`
  return digests.has(digest) ? undefined : `ECS: the image of the container ${container} was resolved to ${digest}`
}

function missingOfTasks({ running, revision }: Observed, { container, taskDefinition = revision?.taskDefinition, digests }: Expected): string | undefined {
  const other = running.find(({ taskDefinitionArn }) => taskDefinitionArn !== taskDefinition)
  if (other) return `tasks: ${nameOf(other.taskArn)} is of ${shortArn(other.taskDefinitionArn)}`
  const tasks = running.filter(runs)
  if (tasks.length === 0) return 'tasks: none runs'
  const digestOf = (task: (typeof tasks)[number]) => task.containers?.find(({ name }) => name === container)?.imageDigest
  const wrong = tasks.find((task) => !digests.has(digestOf(task) ?? ''))
  return wrong && `tasks: ${nameOf(wrong.taskArn)} runs ${digestOf(wrong) ?? 'an image whose digest is not told'} in the container ${container}`
}

function missingOfApp(answers: Answer[], expected: Expected): string | undefined {
  const right = answers.filter((answer) => shownBy(answer, expected)).length
  if (right === answersInARow) return undefined
  const last = answers.at(-1)
  return `app: ${last ? describeAnswer(last) : 'no answer yet'}${last && 'version' in last ? ' answers' : ''}`
}

const runs = ({ lastStatus }: { lastStatus?: string | undefined }) => lastStatus === 'RUNNING'

/** `webapp-dev:7` of a task definition's ARN. */
export const shortArn = (arn = 'unknown') => arn.split('/').slice(1).join('/') || arn

const nameOf = (taskArn = '') => `task ${taskArn.split('/').at(-1)?.slice(0, 8)}`
