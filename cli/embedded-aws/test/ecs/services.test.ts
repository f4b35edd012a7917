// The calls about services and their deployments, without a task that runs.
// Shapes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
import {
  ContinueServiceDeploymentCommand,
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
import { appContainer, cluster, messages, networkConfiguration, scope, startEcs, steady, trust } from '../support/ecs.ts'
import { waitFor } from '../support/wait-for.ts'
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
  const network = (change: object) => ({ networkConfiguration: { awsvpcConfiguration: { ...networkConfiguration.awsvpcConfiguration, ...change } } })
  await refused(
    'InvalidParameterException',
    "Error retrieving subnet information for [subnet-00000001, subnet-0]: The subnet ID 'subnet-0' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
    network({ subnets: ['subnet-00000001', 'subnet-0'] }),
  )
  await refused(
    'InvalidParameterException',
    "Error retrieving security group information for [sg-0a1b2c3d4e5f60718]: The security group 'sg-0a1b2c3d4e5f60718' does not exist (ErrorCode: InvalidGroup.NotFound)",
    network({ securityGroups: ['sg-0a1b2c3d4e5f60718'] }),
  )
  const strategy = (capacityProvider: string) => ({ capacityProviderStrategy: [{ capacityProvider, weight: 1 }] })
  await refused('InvalidParameterException', 'Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.', {
    launchType: 'FARGATE',
    ...strategy('FARGATE'),
  })
  await refused('InvalidParameterException', /not associated with the cluster/, strategy('other'))
  await refused('InvalidParameterException', /launchType.*enum value set: \[EC2, FARGATE/, { launchType: 'LAMBDA' })
  await refused('InvalidParameterException', /desiredCount/, { desiredCount: -1 })
  await refused('SerializationException', /STRING_VALUE can not be converted to an Integer/, { desiredCount: 'two' })
  const onServers = await ecs.register('servers', [appContainer()], { requiresCompatibilities: ['EC2'] })
  await refused('InvalidParameterException', 'Task definition does not support launch_type FARGATE.', {}, onServers)
  const bridged = await ecs.register('bridged', [appContainer()], { requiresCompatibilities: ['EC2'], networkMode: 'bridge' })
  await refused('InvalidParameterException', 'Network Configuration is not valid for the given networkMode of this task definition.', {}, bridged)

  const configured = (name: string, message: RegExp, deploymentConfiguration: object) => refused(name, message, { deploymentConfiguration })
  await configured('UnsupportedFeatureException', /BLUE_GREEN/, { strategy: 'BLUE_GREEN' })
  await configured('UnsupportedFeatureException', /AWS_LAMBDA/, { lifecycleHooks: [{ lifecycleStages: ['PRE_SCALE_UP'] }] })
  const hook = (more: object) => ({ lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['PRE_SCALE_UP'], ...more }] })
  await configured('InvalidParameterException', /PRODUCTION_TRAFFIC_SHIFT/, hook({ lifecycleStages: ['PRODUCTION_TRAFFIC_SHIFT'] }))
  await configured('InvalidParameterException', /less than or equal to 20160/, hook({ timeoutConfiguration: { timeoutInMinutes: 20_161 } }))
  await configured('InvalidParameterException', /cannot be 100 as this will block deployments/, { maximumPercent: 100, minimumHealthyPercent: 100 })
  const threshold = (type: string, value: number) => ({ deploymentCircuitBreaker: { ...breaker, thresholdConfiguration: { type, value } } })
  await configured('InvalidParameterException', /between 1 and 100/, threshold('UNBOUNDED_PERCENT', 101))
  await configured('InvalidParameterException', /at least 1/, threshold('COUNT', 0))
  const early = (more: object) => ({ earlySuccessCriteria: { enable: true, ...more } })
  await configured('InvalidParameterException', /must be specified/, early({}))
  await configured('InvalidParameterException', /minimumHealthyPercent/, early({ healthyPercent: 50, sourceServiceRevisionCleanup: 'BLOCKING' }))
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
t.test('tasks whose role does not exist are not launched', async (t) => {
  const refused = /ECS was unable to assume the role 'arn:aws:iam::000000000000:role\/missing' that was provided for this task\. Please verify/
  const roleless = await ecs.register('roleless', [appContainer()], { taskRoleArn: 'arn:aws:iam::000000000000:role/missing' })
  await t.rejects(ecs.runTask(roleless), { name: 'ClientException', message: refused })
  await ecs.createService('roleless', roleless)
  const failing = await ecs.waitForService('roleless', 'says why', ({ events = [] }) => events.length > 0)
  t.match(messages(failing), [/^\(service roleless\) failed to launch a task with \(error ECS was unable to assume the role .* pass this role\.\)\.$/])
  t.same(await ecs.tasksOf('roleless'), [])
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#create_task_iam_policy_and_role
t.test('tasks whose role does not trust ECS are not launched; a definition that names it is registered', async (t) => {
  const roles = {
    lambda: [trust('lambda.amazonaws.com'), false],
    service: [trust('ecs.amazonaws.com'), false],
    'other-account': [trust('ecs-tasks.amazonaws.com', { Condition: { StringEquals: { 'aws:SourceAccount': '111111111111' } } }), false],
    'this-account': [
      trust('ecs-tasks.amazonaws.com', {
        Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:ecs:us-east-1:000000000000:*' }, StringEquals: { 'aws:SourceAccount': '000000000000' } },
      }),
      true,
    ],
  } as const
  for (const [RoleName, [AssumeRolePolicyDocument, isTrusting]] of Object.entries(roles)) {
    await ecs.upstream.query(scope, 'iam', { Action: 'CreateRole', RoleName, AssumeRolePolicyDocument })
    const definition = await ecs.register(RoleName, [appContainer()], { taskRoleArn: `arn:aws:iam::000000000000:role/${RoleName}` })
    if (isTrusting) t.match(await ecs.runTask(definition), /^arn:aws:ecs:/, RoleName)
    else await t.rejects(ecs.runTask(definition), { name: 'ClientException', message: new RegExp(`assume the role 'arn:aws:iam::000000000000:role/${RoleName}'.*trust relationship`) })
  }
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

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
t.test('PAUSE hooks hold a deployment until somebody continues it, or their time is over', async (t) => {
  const pause = (stage: 'PRE_SCALE_UP' | 'POST_SCALE_UP', timeoutConfiguration = {}) =>
    ({ targetType: 'PAUSE' as const, lifecycleStages: [stage], timeoutConfiguration })
  const deploy = (...lifecycleHooks: ReturnType<typeof pause>[]) =>
    client.send(new UpdateServiceCommand({ cluster, service: 'paused', forceNewDeployment: true, deploymentConfiguration: { lifecycleHooks } }))
  const waitForPause = async (stage: string) => {
    const { serviceDeploymentArn, lifecycleHookDetails: [hook] = [] } = await waitFor(`a pause at ${stage}`, async () => {
      const found = await ecs.newestDeployment('paused')
      return found?.lifecycleStage === stage && found
    })
    t.match(hook, { targetType: 'PAUSE', hookId: /^ecs-pause-/, status: 'AWAITING_ACTION' })
    return { serviceDeploymentArn, hookId: hook?.hookId, hook }
  }
  const waitForStatus = (status: string) =>
    waitFor(`the deployment is ${status}`, async () => {
      const found = await ecs.newestDeployment('paused')
      return found?.status === status && found
    })
  const decide = ({ serviceDeploymentArn, hookId }: { serviceDeploymentArn?: string; hookId?: string }, action?: 'CONTINUE' | 'ROLLBACK') =>
    client.send(new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId, action }))

  await ecs.createService('paused', 'web', { desiredCount: 0 })
  await ecs.waitForService('paused', 'is steady', steady)
  await deploy(pause('PRE_SCALE_UP'), pause('POST_SCALE_UP'))
  const first = await waitForPause('PRE_SCALE_UP')
  t.equal(first.hook?.timeoutAction, 'ROLLBACK')
  const hours = (Number(first.hook?.expiresAt) - Date.now()) / 360_000
  t.ok(hours > 23 && hours <= 24, '24 hours, at ten times the speed')
  t.equal((await decide(first)).serviceDeploymentArn, first.serviceDeploymentArn)
  const second = await waitForPause('POST_SCALE_UP')
  t.not(second.hookId, first.hookId)
  await t.rejects(decide(first), { name: 'InvalidParameterException' }, 'a hook is decided once')
  await decide(second, 'CONTINUE')
  t.match(await waitForStatus('SUCCESSFUL'), { serviceDeploymentArn: first.serviceDeploymentArn })

  await deploy(pause('POST_SCALE_UP'))
  await decide(await waitForPause('POST_SCALE_UP'), 'ROLLBACK')
  await waitForStatus('ROLLBACK_SUCCESSFUL')

  await deploy(pause('PRE_SCALE_UP', { timeoutInMinutes: 1 }))
  await waitForPause('PRE_SCALE_UP')
  t.match(await waitForStatus('ROLLBACK_SUCCESSFUL'), { statusReason: /timed out/, lifecycleHookDetails: [{ status: 'TIMED_OUT' }] })
  await deploy(pause('PRE_SCALE_UP', { timeoutInMinutes: 1, action: 'CONTINUE' }))
  await waitForPause('PRE_SCALE_UP')
  t.match(await waitForStatus('SUCCESSFUL'), { lifecycleHookDetails: [{ status: 'TIMED_OUT' }] })
  await t.rejects(decide({ serviceDeploymentArn: arn('service-deployment/tests/paused/1'), hookId: '1' }), { name: 'ServiceDeploymentNotFoundException' })
})
