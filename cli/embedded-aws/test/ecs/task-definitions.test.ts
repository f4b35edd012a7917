// Clusters, task definitions and tags, as the AWS SDK sees them.
// Shapes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Operations.html
import {
  CreateClusterCommand,
  DeleteClusterCommand,
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeCapacityProvidersCommand,
  DescribeClustersCommand,
  DescribeTaskDefinitionCommand,
  ListClustersCommand,
  ListTagsForResourceCommand,
  ListTaskDefinitionFamiliesCommand,
  ListTaskDefinitionsCommand,
  PutClusterCapacityProvidersCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterSettingsCommand,
  ECSClient,
} from '@aws-sdk/client-ecs'
import t from 'tap'
import { cluster, networkConfiguration, startEcs } from '../support/ecs.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const ecs = await startEcs(t)
const { client } = ecs
const arn = (resource: string) => `arn:aws:ecs:us-east-1:000000000000:${resource}`
const app = { name: 'app', portMappings: [{ containerPort: 8080 }] }

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html
t.test('clusters', async (t) => {
  const created = await client.send(
    new CreateClusterCommand({
      clusterName: 'web',
      settings: [{ name: 'containerInsights', value: 'enabled' }],
      tags: [{ key: 'a', value: '1' }],
    }),
  )
  t.match(created.cluster, {
    clusterArn: arn('cluster/web'),
    clusterName: 'web',
    status: 'ACTIVE',
    runningTasksCount: 0,
    pendingTasksCount: 0,
    activeServicesCount: 0,
    registeredContainerInstancesCount: 0,
    settings: [{ name: 'containerInsights', value: 'enabled' }],
  })
  t.match(
    (await client.send(new CreateClusterCommand({ clusterName: 'web' }))).cluster,
    created.cluster ?? {},
    'creating it again changes nothing',
  )
  const brief = await client.send(new DescribeClustersCommand({ clusters: ['web', 'missing'] }))
  t.match(brief, {
    clusters: [{ clusterName: 'web', settings: [], tags: [] }],
    failures: [{ arn: arn('cluster/missing'), reason: 'MISSING' }],
  })
  t.equal(brief.clusters?.length, 1)
  const whole = await client.send(
    new DescribeClustersCommand({ clusters: [arn('cluster/web')], include: ['TAGS', 'SETTINGS', 'CONFIGURATIONS'] }),
  )
  t.match(whole.clusters, [{ tags: [{ key: 'a', value: '1' }], settings: [{ name: 'containerInsights', value: 'enabled' }] }])
  const strategy = [
    { capacityProvider: 'FARGATE', base: 1, weight: 1 },
    { capacityProvider: 'FARGATE_SPOT', weight: 3 },
  ]
  const put = { cluster: 'web', capacityProviders: ['FARGATE', 'FARGATE_SPOT'], defaultCapacityProviderStrategy: strategy }
  t.match((await client.send(new PutClusterCapacityProvidersCommand(put))).cluster, {
    capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
    defaultCapacityProviderStrategy: strategy,
    attachmentsStatus: 'UPDATE_COMPLETE',
  })
  const settings = [{ name: 'containerInsights' as const, value: 'enhanced' }]
  t.match((await client.send(new UpdateClusterSettingsCommand({ cluster: 'web', settings }))).cluster, {
    settings,
    capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
  })
  t.ok((await client.send(new ListClustersCommand({}))).clusterArns?.includes(arn('cluster/web')))
  t.same(
    (await new ECSClient({ ...ecs.clientOptions, region: 'eu-west-1' }).send(new ListClustersCommand({}))).clusterArns,
    [],
    'a region has its own',
  )
  t.match((await client.send(new DeleteClusterCommand({ cluster: 'web' }))).cluster, { status: 'INACTIVE' })
  t.notOk((await client.send(new ListClustersCommand({}))).clusterArns?.includes(arn('cluster/web')))
  t.match((await client.send(new DescribeClustersCommand({ clusters: ['web'] }))).clusters, [{ status: 'INACTIVE' }])
  await t.rejects(client.send(new DeleteClusterCommand({ cluster: 'missing' })), {
    name: 'ClusterNotFoundException',
    message: 'Cluster not found.',
  })
  const providers = await client.send(new DescribeCapacityProvidersCommand({ capacityProviders: ['FARGATE'] }))
  t.match(providers.capacityProviders, [{ name: 'FARGATE', status: 'ACTIVE' }])
})

t.test('a page of a list', async (t) => {
  for (const name of ['page-1', 'page-2', 'page-3']) await client.send(new CreateClusterCommand({ clusterName: name }))
  const first = await client.send(new ListClustersCommand({ maxResults: 2 }))
  t.equal(first.clusterArns?.length, 2)
  const second = await client.send(new ListClustersCommand({ maxResults: 2, nextToken: first.nextToken }))
  t.equal(second.clusterArns?.length, 2)
  t.equal(second.nextToken, undefined, 'the last page names no next one')
  t.equal(new Set([...(first.clusterArns ?? []), ...(second.clusterArns ?? [])]).size, 4)
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
t.test('task definitions', async (t) => {
  t.equal(await ecs.register('web', [app]), arn('task-definition/web:1'))
  t.equal(await ecs.register('web', [app], { tags: [{ key: 'a', value: '1' }] }), arn('task-definition/web:2'))
  await ecs.register('other', [app])
  const newest = await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'web', include: ['TAGS'] }))
  t.match(newest, {
    tags: [{ key: 'a', value: '1' }],
    taskDefinition: {
      taskDefinitionArn: arn('task-definition/web:2'),
      family: 'web',
      revision: 2,
      status: 'ACTIVE',
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      requiresCompatibilities: ['FARGATE'],
      compatibilities: ['EC2', 'FARGATE'],
      registeredAt: Date,
      volumes: [],
      placementConstraints: [],
      containerDefinitions: [
        {
          name: 'app',
          essential: true,
          cpu: 0,
          portMappings: [{ containerPort: 8080, hostPort: 8080, protocol: 'tcp' }],
          environment: [],
          mountPoints: [],
          volumesFrom: [],
        },
      ],
    },
  })
  const list = async (input = {}) => (await client.send(new ListTaskDefinitionsCommand(input))).taskDefinitionArns
  t.same(await list({ familyPrefix: 'web' }), [arn('task-definition/web:1'), arn('task-definition/web:2')])
  t.same(await list({ familyPrefix: 'web', sort: 'DESC' }), [arn('task-definition/web:2'), arn('task-definition/web:1')])
  t.same((await client.send(new ListTaskDefinitionFamiliesCommand({}))).families, ['other', 'web'])
})

t.test('an INACTIVE task definition can be described, not used', async (t) => {
  const first = await ecs.register('old', [app])
  await ecs.register('old', [app])
  const { taskDefinition } = await client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: first }))
  t.match(taskDefinition, { status: 'INACTIVE', deregisteredAt: Date, revision: 1 })
  t.match((await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: first }))).taskDefinition, {
    status: 'INACTIVE',
  })
  const list = async (status: 'ACTIVE' | 'INACTIVE') =>
    (await client.send(new ListTaskDefinitionsCommand({ familyPrefix: 'old', status }))).taskDefinitionArns
  t.same(await list('INACTIVE'), [first])
  t.same(await list('ACTIVE'), [arn('task-definition/old:2')])
  const inactive = { name: 'ClientException', message: 'TaskDefinition is inactive' }
  await t.rejects(client.send(new RunTaskCommand({ cluster, taskDefinition: first, networkConfiguration })), inactive)
  await t.rejects(ecs.createService('old', first), inactive)
  const deleted = await client.send(new DeleteTaskDefinitionsCommand({ taskDefinitions: [first] }))
  t.match(deleted, { taskDefinitions: [{ status: 'DELETE_IN_PROGRESS' }], failures: [] })
  t.equal(await ecs.register('old', [app]), arn('task-definition/old:3'), 'a revision is never used twice')
  await t.rejects(client.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'missing' })), {
    name: 'ClientException',
    message: 'Unable to describe task definition.',
  })
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
t.test('what Fargate refuses', async (t) => {
  const refused = (message: RegExp, input: object) => {
    const whole = {
      family: 'bad',
      cpu: '256',
      memory: '512',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      containerDefinitions: [{ name: 'app', image: 'x' }],
      ...input,
    }
    return t.rejects(client.send(new RegisterTaskDefinitionCommand(whole as never)), {
      name: /ClientException|InvalidParameterException/,
      message,
    })
  }
  await refused(/No Fargate configuration exists for given values: 256 CPU, 4096 memory/, { memory: '4096' })
  await refused(/'cpu' be defined at the task level/, { cpu: undefined })
  await refused(/'memory' be defined at the task level/, { memory: undefined })
  await refused(/only supports network mode .awsvpc./, { networkMode: 'bridge' })
  await refused(/unique/, {
    containerDefinitions: [
      { name: 'app', image: 'x' },
      { name: 'app', image: 'x' },
    ],
  })
  await refused(/at least one essential/, { containerDefinitions: [{ name: 'app', image: 'x', essential: false }] })
  await refused(/unknown container b/, {
    containerDefinitions: [{ name: 'app', image: 'x', dependsOn: [{ containerName: 'b', condition: 'START' }] }],
  })
  await refused(/120 seconds/, { containerDefinitions: [{ name: 'app', image: 'x', stopTimeout: 121 }] })
  await refused(/execution role/, {
    containerDefinitions: [{ name: 'app', image: 'x', logConfiguration: { logDriver: 'awslogs', options: {} } }],
  })
  await refused(/invalid characters/, { family: 'no spaces' })
  await refused(/containerDefinitions/, { containerDefinitions: [] })
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html
t.test('tags', async (t) => {
  const resourceArn = await ecs.register('tagged', [app], {
    tags: [
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
    ],
  })
  await client.send(
    new TagResourceCommand({
      resourceArn,
      tags: [
        { key: 'b', value: '3' },
        { key: 'c', value: '4' },
      ],
    }),
  )
  await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }))
  t.same((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags, [
    { key: 'b', value: '3' },
    { key: 'c', value: '4' },
  ])
  const missing = arn('cluster/missing')
  const gone = { name: 'InvalidParameterException' }
  await t.rejects(client.send(new TagResourceCommand({ resourceArn: missing, tags: [{ key: 'a', value: '1' }] })), gone)
  await t.rejects(client.send(new UntagResourceCommand({ resourceArn: missing, tagKeys: ['a'] })), gone)
  await t.rejects(client.send(new ListTagsForResourceCommand({ resourceArn: missing })), gone)
})
