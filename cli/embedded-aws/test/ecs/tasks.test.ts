// The calls about tasks, on tasks that cannot start; containers.test.ts has those that can.
// Shapes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
import { DescribeTasksCommand, ListTasksCommand, RunTaskCommand, StopTaskCommand } from '@aws-sdk/client-ecs'
import t from 'tap'
import { appContainer, cluster, networkConfiguration, startEcs } from '../support/ecs.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'ministack')

const ecs = await startEcs(t)
const { client } = ecs
const list = async (input: object) => (await client.send(new ListTasksCommand({ cluster, ...input }))).taskArns
const definition = await ecs.register('web', [appContainer({}, { image: '127.0.0.1:1/missing' })], {
  tags: [{ key: 'a', value: '1' }],
})

t.test('RunTask', async (t) => {
  const { tasks = [], failures } = await client.send(
    new RunTaskCommand({
      cluster,
      taskDefinition: 'web',
      count: 2,
      startedBy: 'somebody',
      group: 'a-group',
      networkConfiguration,
      propagateTags: 'TASK_DEFINITION',
      tags: [{ key: 'b', value: '2' }],
      overrides: { cpu: '512', memory: '1024', containerOverrides: [{ name: 'app', command: ['x'] }] },
      capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
    }),
  )
  t.same(failures, [])
  t.equal(tasks.length, 2)
  t.match(tasks[0], {
    taskArn: /^arn:aws:ecs:us-east-1:000000000000:task\/tests\/[0-9a-f]{32}$/,
    clusterArn: 'arn:aws:ecs:us-east-1:000000000000:cluster/tests',
    taskDefinitionArn: definition,
    lastStatus: 'PROVISIONING',
    desiredStatus: 'RUNNING',
    launchType: 'FARGATE',
    capacityProviderName: 'FARGATE_SPOT',
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    group: 'a-group',
    startedBy: 'somebody',
    cpu: '512',
    memory: '1024',
    createdAt: Date,
    healthStatus: 'UNKNOWN',
    tags: [
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
    ],
    overrides: { containerOverrides: [{ name: 'app', command: ['x'] }] },
    attachments: [
      { type: 'ElasticNetworkInterface', details: [{ name: 'subnetId', value: 'subnet-00000001' }, { name: 'networkInterfaceId' }] },
    ],
    containers: [{ name: 'app', lastStatus: 'PENDING', containerArn: /:container\/tests\/[0-9a-f]{32}\/[0-9a-f-]{36}$/ }],
  })
  t.not(tasks[0]?.availabilityZone, tasks[1]?.availabilityZone)
  for (const { taskArn = '' } of tasks) {
    t.match(await ecs.waitForTask(taskArn, 'STOPPED'), {
      stopCode: 'TaskFailedToStart',
      stoppedReason: /^CannotPullContainerError: /,
      stoppedAt: Date,
    })
  }
})

t.test('RunTask refuses', async (t) => {
  const refused = (name: string, message: RegExp, input: object) =>
    t.rejects(client.send(new RunTaskCommand({ cluster, taskDefinition: 'web', networkConfiguration, ...input })), {
      name,
      message,
    })
  await refused('ClusterNotFoundException', /Cluster not found/, { cluster: 'missing' })
  await refused('ClientException', /Unable to describe task definition/, { taskDefinition: 'missing' })
  await refused('InvalidParameterException', /Network Configuration must be provided/, { networkConfiguration: undefined })
  await refused('InvalidParameterException', /count/, { count: 11 })
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
t.test('ListTasks: by status, service, family, who started them, page by page', async (t) => {
  const task = await ecs.runTask('web', { startedBy: 'lister' })
  await ecs.waitForTask(task, 'STOPPED')
  t.same(await list({ startedBy: 'lister' }), [], 'running ones unless asked otherwise')
  t.same(await list({ startedBy: 'lister', desiredStatus: 'STOPPED' }), [task])
  t.same(await list({ desiredStatus: 'PENDING' }), [])
  const stopped = (await list({ family: 'web', desiredStatus: 'STOPPED' })) ?? []
  t.equal(stopped.length, 3)
  t.same(await list({ family: 'other', desiredStatus: 'STOPPED' }), [])
  await ecs.createService('listed', 'web')
  const owned = await ecs.waitForService(
    'listed',
    'has lost a task',
    ({ deployments }) => (deployments?.[0]?.failedTasks ?? 0) > 0,
  )
  const [ofService] = (await list({ serviceName: 'listed', desiredStatus: 'STOPPED' })) ?? []
  t.match(await ecs.describeTask(ofService as string), { group: 'service:listed', startedBy: owned.deployments?.[0]?.id })
  const page = await client.send(new ListTasksCommand({ cluster, desiredStatus: 'STOPPED', maxResults: 2 }))
  t.equal(page.taskArns?.length, 2)
  t.ok(page.nextToken)
  await t.rejects(list({ cluster: 'missing' }), { name: 'ClusterNotFoundException' })
  await t.rejects(list({ serviceName: 'missing' }), { name: 'ServiceNotFoundException' })
})

t.test('DescribeTasks and StopTask name what is missing', async (t) => {
  const missing = `arn:aws:ecs:us-east-1:000000000000:task/tests/${'0'.repeat(32)}`
  const task = await ecs.runTask('web')
  const found = await client.send(new DescribeTasksCommand({ cluster, tasks: [task.split('/').at(-1) as string, missing] }))
  t.match(found, { tasks: [{ taskArn: task }], failures: [{ arn: missing, reason: 'MISSING' }] })
  t.notOk(found.tasks?.[0]?.tags, 'tags only when asked for')
  await t.rejects(client.send(new StopTaskCommand({ cluster, task: missing })), {
    name: 'InvalidParameterException',
    message: 'The referenced task was not found.',
  })
  await t.rejects(client.send(new DescribeTasksCommand({ cluster: 'missing', tasks: [task] })), {
    name: 'ClusterNotFoundException',
  })
  await ecs.waitForTask(task, 'STOPPED')
})
