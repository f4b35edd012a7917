import { AwsError } from '../aws-error.ts'
import type { DeploymentController } from '../deployments/controller.ts'
import { clusterCalls } from './clusters.ts'
import { requireNetwork, requireRoles } from './neighbours.ts'
import { ecs } from '../models/model.ts'
import { requireValid } from '../models/validate.ts'
import { inputs, parseInput, type Inputs } from './schemas.ts'
import { serviceCalls } from './services.ts'
import type { Scope } from '../records.ts'
import type { State, Store } from '../state.ts'
import { findTaskDefinition, taskDefinitionCalls } from './task-definitions.ts'
import { taskCalls } from './tasks.ts'
import type { TargetHealth } from '../elb/target-health.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { Upstream } from '../upstream.ts'

type Calls = { [Action in keyof Inputs]: (scope: Scope, input: Inputs[Action]) => object }

/** The calls that say where tasks are to run. */
const launching = new Set<string>(['CreateService', 'UpdateService', 'RunTask'])

/** The API of Amazon ECS; every call is checked before it does anything. @throws AwsError */
export function createEcsApi(options: { store: Store; tasks: Tasks; deployments: DeploymentController; health: TargetHealth; upstream: Upstream }) {
  const { store, tasks, deployments, health, upstream } = options
  const { state } = store
  const calls: Calls = {
    ...clusterCalls(state),
    ...taskDefinitionCalls(state),
    ...serviceCalls({ state, deployments, health }),
    ...taskCalls({ state, tasks }),
    ...tagCalls(state),
  }
  /** Tasks need a network, and roles; those of a service are looked for when its tasks are started. */
  const requireNeighbours = async (scope: Scope, { networkConfiguration, taskDefinition }: Inputs['RunTask'], withRoles: boolean) => {
    await requireNetwork(upstream, scope, networkConfiguration)
    if (withRoles) await requireRoles(upstream, scope, findTaskDefinition(state, scope, taskDefinition))
  }
  return async (scope: Scope, action: string, input: unknown): Promise<object> => {
    if (!(action in inputs)) throw new AwsError('UnknownOperationException', `${action} is not part of the rehearsal's ECS.`)
    const name = action as keyof Inputs
    requireValid(ecs, name, input, 'InvalidParameterException')
    const parsed = parseInput(inputs[name], input)
    if (launching.has(name)) await requireNeighbours(scope, parsed as Inputs['RunTask'], name === 'RunTask')
    const answer = calls[name](scope, parsed as never)
    store.save()
    return answer
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html */
function tagCalls({ tags, tasks }: State) {
  const of = (arn: string) => {
    const found = tasks[arn]?.tags ?? tags[arn]
    if (found) return found
    throw new AwsError('InvalidParameterException', 'The specified resource cannot be found. Specify a valid resource ARN and try again.')
  }
  const set = (arn: string, value: State['tags'][string]) => {
    if (tasks[arn]) tasks[arn].tags = value
    else tags[arn] = value
    return {}
  }
  return {
    ListTagsForResource: (_: Scope, { resourceArn }: Inputs['ListTagsForResource']) => ({ tags: of(resourceArn) }),
    TagResource: (_: Scope, { resourceArn, tags: given }: Inputs['TagResource']) => {
      const replaced = new Set(given.map(({ key }) => key))
      return set(resourceArn, [...of(resourceArn).filter(({ key }) => !replaced.has(key)), ...given])
    },
    UntagResource: (_: Scope, { resourceArn, tagKeys }: Inputs['UntagResource']) =>
      set(resourceArn, of(resourceArn).filter(({ key }) => !tagKeys.includes(key))),
  }
}
