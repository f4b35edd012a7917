// The calls about services and their deployments, without a task that runs.
// Shapes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
import {
  DeleteClusterCommand,
  DeleteServiceCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  ListServiceDeploymentsCommand,
  ListServicesCommand,
  StopServiceDeploymentCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import t from 'tap'
import { appContainer, cluster, networkConfiguration, startEcs } from '../support/ecs.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const ecs = await startEcs(t)
const { client } = ecs
const arn = (resource: string) => `arn:aws:ecs:us-east-1:000000000000:${resource}`
const taskDefinition = await ecs.register('web', [appContainer()])
const breaker = { enable: true, rollback: true }

t.test('CreateService', async (t) => {
  const { loadBalancers, targetGroupArn } = await ecs.createBalancer('create')
  const { service } = await ecs.createService('create', 'web', {
    desiredCount: 0,
    loadBalancers,
    healthCheckGracePeriodSeconds: 30,
    deploymentConfiguration: { deploymentCircuitBreaker: breaker },
    capacityProviderStrategy: [{ capacityProvider: 'FARGATE', base: 1, weight: 1 }],
    availabilityZoneRebalancing: 'ENABLED',
    propagateTags: 'SERVICE',
    tags: [{ key: 'a', value: '1' }],
  })
  t.match(service, {
    serviceArn: arn('service/tests/create'),
    clusterArn: arn('cluster/tests'),
    serviceName: 'create',
    status: 'ACTIVE',
    desiredCount: 0,
    taskDefinition,
    loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: 8080 }],
    capacityProviderStrategy: [{ capacityProvider: 'FARGATE', base: 1, weight: 1 }],
    platformVersion: 'LATEST',
    platformFamily: 'Linux',
    schedulingStrategy: 'REPLICA',
    deploymentController: { type: 'ECS' },
    // Defaults: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
    deploymentConfiguration: { maximumPercent: 200, minimumHealthyPercent: 100, deploymentCircuitBreaker: breaker },
    networkConfiguration: { awsvpcConfiguration: { ...networkConfiguration.awsvpcConfiguration, assignPublicIp: 'DISABLED' } },
    healthCheckGracePeriodSeconds: 30,
    availabilityZoneRebalancing: 'ENABLED',
    propagateTags: 'SERVICE',
    enableExecuteCommand: false,
    createdAt: Date,
    events: [],
    tags: [{ key: 'a', value: '1' }],
    deployments: [
      {
        id: /^ecs-svc\/\d{19}$/,
        status: 'PRIMARY',
        taskDefinition,
        rolloutState: 'IN_PROGRESS',
        failedTasks: 0,
        createdAt: Date,
      },
    ],
  })
  t.notOk(service?.launchType, 'a capacity provider strategy stands for the launch type')
  t.notOk('own' in (service ?? {}), "what is the gateway's own does not show")
})

t.test('CreateService refuses', async (t) => {
  await ecs.createService('twice', 'web', { desiredCount: 0 })
  const {
    loadBalancers: [loadBalancer],
  } = await ecs.createBalancer('refuse')
  const refused = (name: string, message: string | RegExp, more: object, definition = 'web') =>
    t.rejects(ecs.createService('bad', definition, { desiredCount: 0, ...more }), { name, message })
  await t.rejects(ecs.createService('twice', 'web'), {
    name: 'InvalidParameterException',
    message: 'Creation of service was not idempotent.',
  })
  await refused('ClusterNotFoundException', 'Cluster not found.', { cluster: 'missing' })
  await refused('ClientException', /Unable to describe task definition/, {}, 'missing')
  await refused('InvalidParameterException', /target group does not exist/, {
    loadBalancers: [{ ...loadBalancer, targetGroupArn: 'arn:missing' }],
  })
  await refused('InvalidParameterException', /container other does not exist/, {
    loadBalancers: [{ ...loadBalancer, containerName: 'other' }],
  })
  await refused('InvalidParameterException', /did not have a container port 1 defined/, {
    loadBalancers: [{ ...loadBalancer, containerPort: 1 }],
  })
  await refused('InvalidParameterException', /Network Configuration must be provided/, { networkConfiguration: undefined })
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
t.test('UpdateService merges, and deploys only when it has to', async (t) => {
  const alarms = { alarmNames: ['a'], enable: false, rollback: true }
  await ecs.createService('update', 'web', {
    desiredCount: 0,
    deploymentConfiguration: { deploymentCircuitBreaker: breaker, alarms },
  })
  await ecs.waitForService('update', 'is steady', ({ deployments }) => deployments?.[0]?.rolloutState === 'COMPLETED')
  const before = await ecs.describeService('update')
  const update = async (change: object) =>
    (await client.send(new UpdateServiceCommand({ cluster, service: 'update', ...change }))).service
  const changed = await update({ deploymentConfiguration: { maximumPercent: 150 }, healthCheckGracePeriodSeconds: 7 })
  t.match(changed, {
    deploymentConfiguration: { maximumPercent: 150, minimumHealthyPercent: 100, deploymentCircuitBreaker: breaker, alarms },
    healthCheckGracePeriodSeconds: 7,
    taskDefinition,
  })
  t.equal(changed?.deployments?.[0]?.id, before.deployments?.[0]?.id, 'no new deployment')
  const second = await ecs.register('web', [appContainer({ VERSION: 2 })])
  const deployed = await update({ taskDefinition: 'web' })
  t.equal(deployed?.taskDefinition, second)
  t.not(deployed?.deployments?.[0]?.id, before.deployments?.[0]?.id)
  t.match(deployed?.deployments, [
    { status: 'PRIMARY', taskDefinition: second, rolloutState: 'IN_PROGRESS' },
    { status: 'ACTIVE', taskDefinition },
  ])
  await ecs.waitForService(
    'update',
    'is steady',
    ({ deployments = [] }) => deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED',
  )
  const forced = await update({ forceNewDeployment: true })
  t.not(forced?.deployments?.[0]?.id, deployed?.deployments?.[0]?.id)
  t.equal(forced?.taskDefinition, second)
  await t.rejects(client.send(new UpdateServiceCommand({ cluster, service: 'missing' })), { name: 'ServiceNotFoundException' })
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
t.test('DescribeServices, ListServices, DeleteService', async (t) => {
  await ecs.createService('delete', 'web', { desiredCount: 0 })
  const described = await client.send(
    new DescribeServicesCommand({ cluster, services: ['delete', arn('service/tests/missing')] }),
  )
  t.match(described, {
    services: [{ serviceName: 'delete' }],
    failures: [{ arn: arn('service/tests/missing'), reason: 'MISSING' }],
  })
  t.notOk(described.services?.[0]?.tags, 'tags only when asked for')
  t.ok((await client.send(new ListServicesCommand({ cluster }))).serviceArns?.includes(arn('service/tests/delete')))
  await t.rejects(client.send(new DeleteClusterCommand({ cluster })), { name: 'ClusterContainsServicesException' })
  await client.send(new UpdateServiceCommand({ cluster, service: 'delete', desiredCount: 1 }))
  await t.rejects(client.send(new DeleteServiceCommand({ cluster, service: 'delete' })), {
    name: 'InvalidParameterException',
    message: 'The service cannot be stopped while it is scaled above 0.',
  })
  const { service } = await client.send(new DeleteServiceCommand({ cluster, service: 'delete', force: true }))
  t.match(service, { status: 'DRAINING', desiredCount: 0 })
  await ecs.waitForService('delete', 'is INACTIVE', ({ status }) => status === 'INACTIVE')
  t.notOk((await client.send(new ListServicesCommand({ cluster }))).serviceArns?.includes(arn('service/tests/delete')))
  await t.rejects(client.send(new UpdateServiceCommand({ cluster, service: 'delete' })), { name: 'ServiceNotActiveException' })
  const { service: again } = await ecs.createService('delete', 'web', { desiredCount: 0 })
  t.equal(again?.status, 'ACTIVE', 'the name is free again')
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
t.test('service deployments', async (t) => {
  await ecs.createService('history', 'web', { desiredCount: 0, deploymentConfiguration: { deploymentCircuitBreaker: breaker } })
  await ecs.waitForService('history', 'is steady', ({ deployments }) => deployments?.[0]?.rolloutState === 'COMPLETED')
  const list = async (status?: 'SUCCESSFUL' | 'IN_PROGRESS') => {
    const input = { cluster, service: 'history', ...(status ? { status: [status] } : {}) }
    return (await client.send(new ListServiceDeploymentsCommand(input))).serviceDeployments ?? []
  }
  const [first] = await list()
  t.match(first, {
    serviceDeploymentArn: /^arn:aws:ecs:us-east-1:000000000000:service-deployment\/tests\/history\/\d+$/,
    serviceArn: arn('service/tests/history'),
    clusterArn: arn('cluster/tests'),
    status: 'SUCCESSFUL',
    createdAt: Date,
    startedAt: Date,
    finishedAt: Date,
    targetServiceRevisionArn: /^arn:aws:ecs:us-east-1:000000000000:service-revision\/tests\/history\/\d+$/,
  })
  await client.send(new UpdateServiceCommand({ cluster, service: 'history', forceNewDeployment: true }))
  const [newest, older] = await list()
  t.equal(older?.serviceDeploymentArn, first?.serviceDeploymentArn, 'the newest comes first')
  t.same((await list('SUCCESSFUL')).at(-1)?.serviceDeploymentArn, first?.serviceDeploymentArn)
  const arns = [newest?.serviceDeploymentArn ?? '', arn('service-deployment/tests/history/1')]
  const whole = await client.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: arns }))
  t.match(whole, {
    serviceDeployments: [
      {
        serviceDeploymentArn: newest?.serviceDeploymentArn,
        status: /IN_PROGRESS|SUCCESSFUL/,
        sourceServiceRevisions: [{ arn: first?.targetServiceRevisionArn }],
        targetServiceRevision: { requestedTaskCount: 0, runningTaskCount: 0, pendingTaskCount: 0 },
        deploymentConfiguration: { deploymentCircuitBreaker: breaker },
        deploymentCircuitBreaker: { status: /^MONITORING/, failureCount: 0, threshold: 3 },
      },
    ],
    failures: [{ arn: arns[1], reason: 'MISSING' }],
  })
  const revision = newest?.targetServiceRevisionArn ?? ''
  const revisions = await client.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns: [revision] }))
  t.match(revisions.serviceRevisions, [
    { serviceRevisionArn: revision, taskDefinition: /task-definition\/web:/, containerImages: [{ containerName: 'app' }] },
  ])
  await ecs.waitForService(
    'history',
    'is steady',
    ({ deployments = [] }) => deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED',
  )
  const stop = (serviceDeploymentArn: string) => client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn }))
  await t.rejects(stop(arns[0] as string), { name: 'ConflictException' })
  await t.rejects(stop(arns[1] as string), { name: 'ServiceDeploymentNotFoundException' })
  await t.rejects(client.send(new ListServiceDeploymentsCommand({ cluster, service: 'missing' })), {
    name: 'ServiceNotFoundException',
  })
})
