import { randomUUID } from 'node:crypto'
import { ecsArn, nameOf, newId, scopeOf } from '../arn.ts'
import type { Capacity } from '../deployments/capacity.ts'
import { now } from '../clock.ts'
import type { CapacityProviderItem, ContainerOverride, Launch, LoadBalancer, Tag, Task, TaskDefinition } from '../records.ts'

/**
 * A task that is about to be started, in the shape of DescribeTasks.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
 * @param options.index which task of its group it is; decides capacity provider and zone
 */
export function newTask(options: {
  clusterArn: string
  definition: TaskDefinition
  launch: Launch
  group: string
  index: number
  startedBy?: string | undefined
  deploymentId?: string
  loadBalancers?: LoadBalancer[]
  tags?: Tag[]
  enableExecuteCommand?: boolean
  overrides?: { containerOverrides?: ContainerOverride[]; cpu?: string; memory?: string }
  /** Container -> digest that its image is pulled by, whatever its tag names by now. */
  digests?: Record<string, string>
  /** Zones without any are left out. */
  capacity?: Capacity
}): Task {
  const { clusterArn, definition, launch, index } = options
  const scope = scopeOf(clusterArn)
  const id = newId()
  const taskArn = ecsArn(scope, `task/${nameOf(clusterArn)}/${id}`)
  const attachmentId = randomUUID()
  const { subnets = [] } = launch.networkConfiguration?.awsvpcConfiguration ?? {}
  const all = (subnets.length > 0 ? subnets : ['']).map((subnet, at) => ({ subnet, name: `${scope.region}${'abcdef'[at]}` }))
  const left = all.filter(({ name }) => !options.capacity?.unavailable.has(name))
  const zones = left.length > 0 ? left : all
  const zone = zones[index % zones.length] as (typeof zones)[number]
  const provider = pickProvider(launch.capacityProviderStrategy ?? [], index)
  return {
    taskArn,
    clusterArn,
    taskDefinitionArn: definition.taskDefinitionArn,
    group: options.group,
    startedBy: options.startedBy,
    launchType: 'FARGATE',
    capacityProviderName: provider,
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    availabilityZone: zone.name,
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    connectivity: 'CONNECTED',
    healthStatus: 'UNKNOWN',
    createdAt: now(),
    cpu: options.overrides?.cpu ?? definition.cpu ?? '256',
    memory: options.overrides?.memory ?? definition.memory ?? '512',
    enableExecuteCommand: options.enableExecuteCommand ?? false,
    version: 1,
    overrides: { containerOverrides: [], ...options.overrides },
    attachments: [
      {
        id: attachmentId,
        type: 'ElasticNetworkInterface',
        status: 'ATTACHING',
        details: [
          { name: 'subnetId', value: zone.subnet },
          { name: 'networkInterfaceId', value: `eni-${id.slice(0, 17)}` },
        ],
      },
    ],
    containers: definition.containerDefinitions.map(({ name, image, cpu, memory }) => ({
      containerArn: ecsArn(scope, `container/${nameOf(clusterArn)}/${id}/${randomUUID()}`),
      taskArn,
      name,
      image,
      lastStatus: 'PENDING',
      healthStatus: 'UNKNOWN',
      networkInterfaces: [],
      networkBindings: [],
      cpu: String(cpu ?? 0),
      memory: memory ? String(memory) : undefined,
    })),
    tags: options.tags ?? [],
    own: {
      deploymentId: options.deploymentId,
      loadBalancers: options.loadBalancers ?? [],
      registered: false,
      counted: false,
      digests: options.digests ?? {},
      ports: {},
      logsUntil: {},
    },
  }
}

/** The base goes first, then the weights in turn: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html */
function pickProvider(strategy: CapacityProviderItem[], index: number): string | undefined {
  const based = strategy.find(({ base = 0 }) => index < base)
  if (based) return based.capacityProvider
  const base = strategy.reduce((sum, item) => sum + (item.base ?? 0), 0)
  const turns = strategy.flatMap(({ capacityProvider, weight = 0 }) => Array<string>(weight).fill(capacityProvider))
  return turns[(index - base) % Math.max(1, turns.length)] ?? strategy[0]?.capacityProvider
}
