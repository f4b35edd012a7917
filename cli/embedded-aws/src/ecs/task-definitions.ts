import { AwsError } from '../aws-error.ts'
import { ecsArn, isOf } from '../arn.ts'
import { now } from '../clock.ts'
import { paginate, type Inputs } from './schemas.ts'
import type { Scope, TaskDefinition } from '../records.ts'
import type { State } from '../state.ts'

/** MiB of memory that Fargate allows for so many CPU units: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html */
const memoryOf: Record<string, (memory: number) => boolean> = {
  256: (memory) => [512, 1024, 2048].includes(memory),
  512: (memory) => within(memory, 1, 4, 1),
  1024: (memory) => within(memory, 2, 8, 1),
  2048: (memory) => within(memory, 4, 16, 1),
  4096: (memory) => within(memory, 8, 30, 1),
  8192: (memory) => within(memory, 16, 60, 4),
  16384: (memory) => within(memory, 32, 120, 8),
}

const within = (memory: number, from: number, to: number, step: number) =>
  memory >= from * 1024 && memory <= to * 1024 && (memory - from * 1024) % (step * 1024) === 0

/**
 * @param reference ARN, `family:revision`, or `family` for its newest active revision
 * @throws AwsError `ClientException`
 */
export function findTaskDefinition({ taskDefinitions }: State, scope: Scope, reference: string): TaskDefinition {
  const path = reference.startsWith('arn:') ? (reference.split('task-definition/')[1] ?? '') : reference
  const exact = taskDefinitions[ecsArn(scope, `task-definition/${path}`)]
  if (exact) return exact
  const inFamily = Object.values(taskDefinitions).filter(
    ({ family, status, taskDefinitionArn }) => family === path && status === 'ACTIVE' && isOf(scope, taskDefinitionArn),
  )
  const newest = inFamily.toSorted((a, b) => b.revision - a.revision)[0]
  if (newest) return newest
  throw new AwsError('ClientException', 'Unable to describe task definition.')
}

/** @throws AwsError `ClientException` when it is not ACTIVE */
export function requireActive(definition: TaskDefinition): TaskDefinition {
  if (definition.status === 'ACTIVE') return definition
  throw new AwsError('ClientException', 'TaskDefinition is inactive')
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html */
export function taskDefinitionCalls(state: State) {
  const select = (prefix: string | undefined, status: string, scope: Scope) =>
    Object.values(state.taskDefinitions).filter(
      (definition) =>
        (!prefix || definition.family === prefix || definition.family.startsWith(prefix)) &&
        (status === 'ALL' || definition.status === status) &&
        isOf(scope, definition.taskDefinitionArn),
    )
  const deregister = (scope: Scope, reference: string) => {
    const definition = findTaskDefinition(state, scope, reference)
    Object.assign(definition, { status: 'INACTIVE', deregisteredAt: now() })
    return definition
  }

  return {
    RegisterTaskDefinition: (scope: Scope, given: Inputs['RegisterTaskDefinition']) => {
      checkFargate(given)
      const { tags = [], ...input } = given
      const { family } = given
      const key = ecsArn(scope, family)
      const revision = (state.revisions[key] ?? 0) + 1
      state.revisions[key] = revision
      const taskDefinitionArn = ecsArn(scope, `task-definition/${family}:${revision}`)
      const definition: TaskDefinition = {
        ...input,
        taskDefinitionArn,
        revision,
        status: 'ACTIVE',
        requiresAttributes: [],
        compatibilities: ['EC2', 'FARGATE'],
        registeredAt: now(),
        registeredBy: `arn:aws:iam::${scope.account}:root`,
      }
      state.taskDefinitions[taskDefinitionArn] = definition
      state.tags[taskDefinitionArn] = tags
      return { taskDefinition: definition, tags }
    },
    DescribeTaskDefinition: (scope: Scope, { taskDefinition, include }: Inputs['DescribeTaskDefinition']) => {
      const found = findTaskDefinition(state, scope, taskDefinition)
      return { taskDefinition: found, tags: include.includes('TAGS') ? (state.tags[found.taskDefinitionArn] ?? []) : undefined }
    },
    DeregisterTaskDefinition: (scope: Scope, { taskDefinition }: Inputs['DeregisterTaskDefinition']) => ({
      taskDefinition: deregister(scope, taskDefinition),
    }),
    DeleteTaskDefinitions: (scope: Scope, { taskDefinitions }: Inputs['DeleteTaskDefinitions']) => ({
      taskDefinitions: taskDefinitions.map((reference) => {
        const definition = findTaskDefinition(state, scope, reference)
        if (definition.status === 'ACTIVE') {
          throw new AwsError('ClientException', 'The specified task definition is active and must be deregistered before deleting.')
        }
        delete state.taskDefinitions[definition.taskDefinitionArn]
        return { ...definition, status: 'DELETE_IN_PROGRESS' }
      }),
      failures: [],
    }),
    ListTaskDefinitions: (scope: Scope, input: Inputs['ListTaskDefinitions']) => {
      const sorted = select(input.familyPrefix, input.status, scope).toSorted((a, b) => a.family.localeCompare(b.family) || a.revision - b.revision)
      const { items, ...next } = paginate(input.sort === 'DESC' ? sorted.reverse() : sorted, input)
      return { taskDefinitionArns: items.map(({ taskDefinitionArn }) => taskDefinitionArn), ...next }
    },
    ListTaskDefinitionFamilies: (scope: Scope, input: Inputs['ListTaskDefinitionFamilies']) => {
      const families = new Set(select(input.familyPrefix, input.status, scope).map(({ family }) => family))
      const { items, ...next } = paginate([...families].sort(), input)
      return { families: items, ...next }
    },
  }
}

/** What Fargate asks of a task definition; the messages are ECS's. @throws AwsError `ClientException` */
function checkFargate(input: Inputs['RegisterTaskDefinition']): void {
  const refuse = (message: string) => new AwsError('ClientException', message)
  const names = input.containerDefinitions.map(({ name }) => name)
  if (new Set(names).size < names.length) throw refuse('Container.name must be unique.')
  if (!input.containerDefinitions.some(({ essential }) => essential)) throw refuse('A task definition must have at least one essential container.')
  for (const { dependsOn = [] } of input.containerDefinitions) {
    const missing = dependsOn.find(({ containerName }) => !names.includes(containerName))
    if (missing) throw refuse(`Container dependency on unknown container ${missing.containerName}.`)
  }
  if (!input.requiresCompatibilities.includes('FARGATE')) return
  const { cpu, memory } = input
  if (!cpu) throw refuse("Fargate requires that 'cpu' be defined at the task level.")
  if (!memory) throw refuse("Fargate requires that 'memory' be defined at the task level.")
  if (!memoryOf[cpu]?.(Number(memory))) {
    throw refuse(`No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory. See the Amazon ECS documentation for the valid values.`)
  }
  if (input.networkMode !== 'awsvpc') throw refuse('Fargate only supports network mode ‘awsvpc’.')
  const logging = input.containerDefinitions.some(({ logConfiguration }) => logConfiguration?.logDriver === 'awslogs')
  if (logging && !input.executionRoleArn) {
    throw refuse('Fargate requires task definition to have execution role ARN to support log driver awslogs.')
  }
}
