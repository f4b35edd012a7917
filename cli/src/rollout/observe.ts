import { setTimeout as sleep } from 'node:timers/promises'
import type { Service, ServiceDeployment, ServiceRevision, Task } from '../platform/aws/ecs.ts'
import type { Target } from '../platform/aws/elb.ts'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { DeployedService } from './service.ts'

/** A task that has ended, the last lines of the container it ended for, and that container's own health check. */
export type StoppedTask = {
  task: Task
  log: string[]
  /** Why there is none. */
  noLog?: string
  healthCheck?: string[] | undefined
  /** The container's variable PORT. */
  portVariable?: string | undefined
}

/** What the API has shown; all times in it are AWS's. */
export type Observed = {
  service: Service
  /** The deployment that is watched. */
  own: ServiceDeployment | undefined
  /** What that deployment brings. */
  revision: ServiceRevision | undefined
  /** What the newest deployments bring. */
  revisions: ServiceRevision[]
  /** Of the service's load balancers; undefined where they may not be read. */
  targets: Target[] | undefined
  /** It and those after it, oldest first. */
  deployments: ServiceDeployment[]
  /** Since it began, oldest first. */
  events: { at: Date; message: string }[]
  /** Those that should run. */
  running: Task[]
  /** Since it began, in the order in which they stopped. */
  stopped: StoppedTask[]
  /** How many have been asked to stop since, and have not yet. */
  stopping: number
  /** Why this look could not see everything. */
  problem: CliError | undefined
}

/** What is watched: all that happens since a moment, or the newest deployment of a task definition (undefined: of any). */
export type Watched = { since: Date } | { taskDefinition: string | undefined }

const pollMilliseconds = 500
/** As many as one call describes; the newest come last. */
const mostRevisions = 20
const ended = ['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED']

/** Whether the deployment has come to its end, be it good or bad. */
export const hasEnded = ({ own }: Observed): boolean => ended.includes(own?.status ?? '')

/** Whether with it every task that was to stop has. */
export function deploymentEnded(seen: Observed): boolean {
  return hasEnded(seen) && isSteady(seen.service) && seen.stopping === 0
}

/** Whether one deployment is left, complete, with all the tasks it wants. */
export function isSteady(service: Service): boolean {
  return isComplete(service) && service.runningCount === service.desiredCount
}

/** Whether one deployment is left, and complete. */
export const isComplete = ({ deployments = [] }: Service): boolean => deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED'

/** When a task began to end; one that never started may say less. */
const endOf = ({ stoppingAt, stoppedAt, createdAt }: Task): Date | undefined => stoppingAt ?? stoppedAt ?? createdAt

/** Collects, look by look, what happens to a service. */
export function observe(service: DeployedService, watched: Watched = { since: new Date() }) {
  const events = new Map<string, { at: Date; message: string }>()
  const stopped: StoppedTask[] = []
  /** Tasks that need not be read again. */
  const known = new Set<string>()

  const look = async (): Promise<Observed> => {
    let problem: CliError | undefined
    const read = async <Answer>(call: Promise<Answer>, otherwise: Answer): Promise<Answer> =>
      call.catch((error: unknown) => {
        interruption.throwIfAborted()
        problem ??= error instanceof CliError ? error : new CliError('unavailable', 'ECS gave an answer that cannot be read.', { cause: error })
        return otherwise
      })
    const readDeployments = async () => {
      const [shown, deployments] = await Promise.all([read(service.describe(), {}), read(service.deployments(), [])])
      const arns = [...deployments.map(({ targetServiceRevision }) => targetServiceRevision), currentRevision(shown)].flatMap((each) => each?.arn ?? [])
      const [revisions, targets] = await Promise.all([read(service.revisions([...new Set(arns)].slice(-mostRevisions)), []), service.targets(shown)])
      return { shown, deployments, revisions, targets }
    }
    const [{ shown, deployments, revisions, targets }, running, stoppedTasks] = await Promise.all([
      readDeployments(),
      read(service.tasks('RUNNING'), []),
      read(service.tasks('STOPPED', known), []),
    ])
    const own = findOwn(deployments, revisions, watched)
    const since = 'since' in watched ? watched.since : own?.createdAt
    const stopping = since ? await collect(since, shown, stoppedTasks) : 0
    return {
      service: shown,
      own,
      revision: findRevision(revisions, (own?.targetServiceRevision ?? currentRevision(shown))?.arn),
      revisions,
      targets,
      deployments: deployments.filter(({ createdAt }) => since && createdAt && createdAt >= since),
      events: [...events.values()],
      running,
      stopped: stopped.toSorted((a, b) => Number(a.task.stoppedAt) - Number(b.task.stoppedAt)),
      stopping,
      problem,
    }
  }

  /** @returns how many tasks have yet to stop */
  const collect = async (since: Date, shown: Service, tasks: Task[]): Promise<number> => {
    for (const { id = '', createdAt, message = '' } of (shown.events ?? []).toReversed()) {
      if (createdAt && createdAt >= since) events.set(id, { at: createdAt, message })
    }
    const mine = tasks.filter((task) => (endOf(task) ?? since) >= since)
    const over = mine.filter(({ lastStatus }) => lastStatus === 'STOPPED')
    for (const task of over) stopped.push({ task, ...(await service.explain(task)) })
    for (const task of tasks) if (over.includes(task) || !mine.includes(task)) known.add(task.taskArn ?? '')
    return mine.length - over.length
  }

  return {
    look,
    /**
     * Looks again and again until it is over.
     * @param limitSeconds of real time, after which what was seen last is returned
     * @throws CliError when a look fails
     */
    until: async (over: (seen: Observed) => boolean, limitSeconds: number): Promise<Observed> => {
      const deadline = performance.now() + limitSeconds * 1000
      for (;;) {
        const seen = await look()
        if (seen.problem) throw seen.problem
        if (over(seen) || performance.now() > deadline) return seen
        await sleep(pollMilliseconds, undefined, { signal: interruption }).catch(() => interruption.throwIfAborted())
      }
    },
  }
}

/** AWS forgets a deployment after 90 days; what it brought is still there. */
const currentRevision = ({ currentServiceRevisions: [current, ...others] = [] }: Service) => (others.length === 0 ? current : undefined)

const findRevision = (revisions: ServiceRevision[], arn: string | undefined) =>
  revisions.find(({ serviceRevisionArn }) => arn && serviceRevisionArn === arn)

/** A deployment whose revision cannot be read may be of any task definition. */
function findOwn(deployments: ServiceDeployment[], revisions: ServiceRevision[], watched: Watched) {
  return deployments.findLast(({ createdAt, targetServiceRevision }) => {
    if ('since' in watched) return createdAt && createdAt >= watched.since
    const brings = findRevision(revisions, targetServiceRevision?.arn)?.taskDefinition
    return !brings || !watched.taskDefinition || brings === watched.taskDefinition
  })
}
