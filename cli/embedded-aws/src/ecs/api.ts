import { AwsError } from '../aws-error.ts'
import type { DeploymentController } from '../deployments/controller.ts'
import { clusterCalls } from './clusters.ts'
import { inputs, parseInput, type Inputs } from './schemas.ts'
import { serviceCalls } from './services.ts'
import type { Scope } from '../records.ts'
import type { State, Store } from '../state.ts'
import { taskDefinitionCalls } from './task-definitions.ts'
import { taskCalls } from './tasks.ts'
import type { TargetHealth } from '../elb/target-health.ts'
import type { Tasks } from '../tasks/tasks.ts'

type Calls = { [Action in keyof Inputs]: (scope: Scope, input: Inputs[Action]) => object }

/** The API of Amazon ECS; every call is checked before it does anything. @throws AwsError */
export function createEcsApi(options: { store: Store; tasks: Tasks; deployments: DeploymentController; health: TargetHealth }) {
  const { store, tasks, deployments, health } = options
  const { state } = store
  const calls: Calls = {
    ...clusterCalls(state),
    ...taskDefinitionCalls(state),
    ...serviceCalls({ state, deployments, health }),
    ...taskCalls({ state, tasks }),
    ...tagCalls(state),
  }
  return async (scope: Scope, action: string, input: unknown): Promise<object> => {
    if (!(action in inputs)) throw new AwsError('UnknownOperationException', `${action} is not part of the rehearsal's ECS.`)
    const name = action as keyof Inputs
    const answer = calls[name](scope, parseInput(inputs[name], input) as never)
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
