import { AwsError } from '../aws-error.ts'
import { ecsArn, nameOf } from '../arn.ts'
import { findCluster } from './clusters.ts'
import { checkLaunch } from './service-checks.ts'
import { paginate, type Inputs } from './schemas.ts'
import { findService, shown } from './services.ts'
import type { Launch, Scope, Task } from '../records.ts'
import type { State } from '../state.ts'
import { findTaskDefinition, requireActive } from './task-definitions.ts'
import { newTask } from '../tasks/new-task.ts'
import type { Tasks } from '../tasks/tasks.ts'

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html */
export function taskCalls({ state, tasks }: { state: State; tasks: Tasks }) {
  const arnOf = (scope: Scope, cluster: string, name: string) => ecsArn(scope, `task/${nameOf(cluster)}/${nameOf(name)}`)
  const render = (task: Task, include: string[] = ['TAGS']) => {
    const { tags, ...rest } = shown(task)
    return { ...rest, attributes: [], inferenceAccelerators: [], tags: include.includes('TAGS') ? tags : undefined }
  }

  return {
    RunTask: (scope: Scope, input: Inputs['RunTask']) => {
      const cluster = findCluster(state, scope, input.cluster)
      const definition = requireActive(findTaskDefinition(state, scope, input.taskDefinition))
      const { networkConfiguration, capacityProviderStrategy, tags = [] } = input
      checkLaunch(input, cluster, definition)
      const launch: Launch = {
        taskDefinition: definition.taskDefinitionArn,
        capacityProviderStrategy,
        platformVersion: input.platformVersion ?? 'LATEST',
        platformFamily: 'Linux',
        networkConfiguration,
      }
      const propagated = input.propagateTags === 'TASK_DEFINITION' ? (state.tags[definition.taskDefinitionArn] ?? []) : []
      const started = Array.from({ length: input.count }, (_, index) =>
        newTask({
          clusterArn: cluster.clusterArn,
          definition,
          launch,
          group: input.group ?? `family:${definition.family}`,
          index,
          startedBy: input.startedBy,
          tags: [...propagated, ...tags],
          enableExecuteCommand: input.enableExecuteCommand,
          overrides: input.overrides,
        }),
      )
      for (const task of started) tasks.launch(task)
      return { tasks: started.map((task) => render(task)), failures: [] }
    },

    StopTask: (scope: Scope, { cluster, task: name, reason }: Inputs['StopTask']) => {
      findCluster(state, scope, cluster)
      const task = state.tasks[arnOf(scope, cluster, name)]
      if (!task) throw new AwsError('InvalidParameterException', 'The referenced task was not found.')
      tasks.stop(task, { code: 'UserInitiated', reason: reason ?? 'Task stopped by user' })
      return { task: render(task) }
    },

    ListTasks: (scope: Scope, input: Inputs['ListTasks']) => {
      const { clusterArn } = findCluster(state, scope, input.cluster)
      const group = input.serviceName && `service:${findService(state, scope, input.cluster, input.serviceName).serviceName}`
      const family = input.family && ecsArn(scope, `task-definition/${input.family}:`)
      const wanted = input.desiredStatus === 'STOPPED' ? 'STOPPED' : 'RUNNING'
      const found = Object.values(state.tasks).filter(
        (task) =>
          task.clusterArn === clusterArn &&
          // Asked for PENDING, ECS lists nothing: a task never has that as its desired status.
          input.desiredStatus !== 'PENDING' &&
          task.desiredStatus === wanted &&
          (!group || task.group === group) &&
          (!family || task.taskDefinitionArn.startsWith(family)) &&
          (!input.startedBy || task.startedBy === input.startedBy),
      )
      const { items, ...next } = paginate(found, input)
      return { taskArns: items.map(({ taskArn }) => taskArn), ...next }
    },

    DescribeTasks: (scope: Scope, { cluster, tasks: names, include }: Inputs['DescribeTasks']) => {
      findCluster(state, scope, cluster)
      const arns = names.map((name) => arnOf(scope, cluster, name))
      return {
        tasks: arns.flatMap((arn) => (state.tasks[arn] ? [render(state.tasks[arn], include)] : [])),
        failures: arns.filter((arn) => !state.tasks[arn]).map((arn) => ({ arn, reason: 'MISSING' })),
      }
    },
  }
}
