import { isDenied } from '../../platform/aws/client.ts'
import type { ServiceNames } from '../../platform/aws/ecs.ts'
import { describeCause, type CliError } from '../../platform/errors.ts'
import type { Release } from '../../release/release.ts'
import type { Answer } from '../ask-app.ts'
import type { Diagnosis } from '../diagnose.ts'
import { hasEnded, type Observed } from '../observe.ts'
import type { Failed, Outcome, Serving } from '../outcome.ts'
import { resolvedDigest, shortArn, type Expected } from '../prove.ts'

/** How a watch ends without the release serving; without a diagnosis, what ECS shows is diagnosed. */
export type Failure = Pick<Failed, 'gaveUp' | 'ending'> & { diagnosis?: Pick<Diagnosis, 'cause' | 'fix'>; when?: Failed['when']; missing?: string[] }

/** What the watch itself has ended; `nothing before`: it is the first deployment, with nothing to go back to. */
export type GivenUp = 'stopped' | 'nothing before' | undefined

const weStopped = "fargate-ctl, at the second identical cause: it stopped the deployment, before ECS's circuit breaker did."

/** What shows that the release will not serve, however long one waits. */
export function findFailure(ecs: Observed, expected: Expected, { cluster, service }: ServiceNames, settledElsewhere: boolean, given: GivenUp): Failure | undefined {
  const { own } = ecs
  const { release, taskDefinition = '' } = expected
  const nobody = { gaveUp: null, ending: 'nobody: the deployment is complete.' }
  if (given === 'nothing before') {
    return { gaveUp: 'fargate-ctl', ending: 'fargate-ctl, at the second identical cause. It is the first deployment: there is nothing to go back to, and ECS goes on trying.' }
  }
  if (settledElsewhere) {
    const last = own && own.status !== 'SUCCESSFUL' ? `its last deployment: ${own.status}${own.statusReason ? `: ${own.statusReason}` : ''}` : ''
    return {
      ...nobody,
      diagnosis: {
        cause: `ECS runs ${shortArn(ecs.service.taskDefinition)}, and not ${shortArn(taskDefinition)} as Terraform's state says. ${last || 'ECS has rolled back, or somebody else has deployed since.'}`,
        fix: `To go on with what ECS runs, deploy that version with --tag. To try this one again: aws ecs update-service --cluster ${cluster} --service ${service} --task-definition ${shortArn(taskDefinition)}`,
      },
    }
  }
  if (hasEnded(ecs) && own?.status !== 'SUCCESSFUL' && !isTriedAgain(ecs)) return given ? { gaveUp: 'fargate-ctl', ending: weStopped } : { gaveUp: 'ECS', ending: describeEcs(ecs) }
  const digest = resolvedDigest(ecs, expected)
  if (own?.status !== 'SUCCESSFUL' || !digest || expected.digests.has(digest)) return undefined
  return {
    ...nobody,
    diagnosis: {
      cause: `The service's task definition leads to ${digest}, and ${release.tag} is ${release.digest}.`,
      fix: 'Let the task definition name the image by the variable image_digest, as infrastructure/variables.tf declares it; a tag is resolved once for each deployment.',
    },
  }
}

/** Why ECS has ended a deployment. */
function describeEcs({ own }: Observed): string {
  const alarms = own?.alarms?.triggeredAlarmNames ?? []
  if (alarms.length > 0) return `ECS, for the alarm ${alarms.join(', ')}.`
  const { failureCount, threshold, status } = own?.deploymentCircuitBreaker ?? {}
  if (status === 'TRIGGERED' || /circuit breaker/i.test(own?.statusReason ?? '')) {
    return `ECS's circuit breaker${failureCount ? `, after ${failureCount} failures (threshold ${threshold})` : ''}.`
  }
  return 'ECS, or somebody who stopped the deployment.'
}

/** Whether the service has begun another deployment of the same task definition, which is not listed yet. */
function isTriedAgain({ service, revision }: Observed): boolean {
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY')
  return primary?.rolloutState === 'IN_PROGRESS' && primary.taskDefinition === revision?.taskDefinition
}

/** Whether ECS has settled on another task definition than Terraform's. */
export const runsElsewhere = (ecs: Observed, { taskDefinition }: Expected): boolean => {
  const isDifferent = Boolean(taskDefinition && ecs.service.taskDefinition && ecs.service.taskDefinition !== taskDefinition)
  return isDifferent && (!ecs.own || hasEnded(ecs))
}

/** The end of the time-out, with what was missing until then. */
export function tooLate(missing: string[], given: GivenUp, url: string, { tag }: Release, timeoutSeconds: number): Failure {
  const end = `the time-out of ${timeoutSeconds} s (--timeout) is over`
  if (given) return { gaveUp: 'fargate-ctl', ending: `${weStopped} ECS is still going back; ${end}.` }
  const gaveUp = { gaveUp: null, ending: `nobody: ${end}, and ECS goes on with the deployment.` }
  if (!missing.every((each) => each.startsWith('app:'))) return gaveUp
  const cause = `${url} did not answer with ${tag} within ${timeoutSeconds} s, although ECS has deployed it.`
  return { ...gaveUp, ending: `nobody: ${end}.`, diagnosis: { cause, fix: `See that ${url} leads to this load balancer and its listener to this service, and read the tasks' logs.` } }
}

/** What cannot be watched is never called done. */
export function unknown(problem: CliError, missing: string[], answer: Answer, { cluster, service, region }: ServiceNames): Outcome {
  const look = `See what ECS did: aws ecs describe-services --cluster ${cluster} --services ${service} --region ${region}`
  const cause = [problem.message, describeCause(problem.cause)].filter(Boolean).join(' ')
  return { kind: 'unknown', missing, cause, fix: [problem.fix, look].filter(Boolean).join('\n'), unavailable: isDenied(problem.cause), answer }
}

/** Who serves now, as the app and the load balancer say. */
export function readServing({ service, running, targets }: Observed, answer: Answer, { taskDefinition }: Expected): Serving {
  const tasks = running.filter(({ lastStatus, healthStatus }) => lastStatus === 'RUNNING' && healthStatus !== 'UNHEALTHY').length
  const healthy = targets ? Math.min(tasks, targets.filter(({ state }) => state === 'healthy').length) : tasks
  const isDifferent = taskDefinition && service.taskDefinition && service.taskDefinition !== taskDefinition
  const difference = isDifferent ? `Terraform's state says ${shortArn(taskDefinition)}, ECS runs ${shortArn(service.taskDefinition)}` : null
  return { answer, healthy, desired: service.desiredCount ?? running.length, difference }
}
