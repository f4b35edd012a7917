// Every operation of ECS that is answered, driven once: the client holds each answer to AWS's own model.
import {
  ContinueServiceDeploymentCommand,
  CreateClusterCommand,
  CreateServiceCommand,
  DeleteClusterCommand,
  DeleteServiceCommand,
  DeleteTaskDefinitionsCommand,
  DeregisterTaskDefinitionCommand,
  DescribeCapacityProvidersCommand,
  DescribeClustersCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  ListServiceDeploymentsCommand,
  ListServicesCommand,
  ListTagsForResourceCommand,
  ListTaskDefinitionFamiliesCommand,
  ListTaskDefinitionsCommand,
  ListTasksCommand,
  PutClusterCapacityProvidersCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopServiceDeploymentCommand,
  StopTaskCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateClusterCommand,
  UpdateClusterSettingsCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import t from 'tap'
import { inputs } from '../../src/ecs/schemas.ts'
import { ecs as model } from '../../src/models/model.ts'
import { networkConfiguration, startEcs, steady } from '../support/ecs.ts'
import { holdToModel } from '../support/model.ts'
import { skipFileWithout } from '../support/needs.ts'
import { waitFor } from '../support/wait-for.ts'

skipFileWithout('ministack')

t.test('every operation of ECS is answered as AWS models it', async (t) => {
  const { clientOptions, newestDeployment, waitForService } = await startEcs(t)
  const answered = new Set<string>()
  const client = holdToModel(new ECSClient(clientOptions), model, answered)
  const cluster = 'tests'
  const clusters = ['all']
  const tags = [{ key: 'a', value: '1' }]
  const settings = [{ name: 'containerInsights' as const, value: 'enabled' }]
  const providers = { capacityProviders: ['FARGATE'], defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }] }

  const { cluster: created } = await client.send(new CreateClusterCommand({ clusterName: 'all', tags, settings }))
  const resourceArn = created?.clusterArn
  await client.send(new UpdateClusterCommand({ cluster: 'all', settings }))
  await client.send(new UpdateClusterSettingsCommand({ cluster: 'all', settings }))
  await client.send(new PutClusterCapacityProvidersCommand({ cluster: 'all', ...providers }))
  await client.send(new DescribeClustersCommand({ clusters: [...clusters, 'missing'], include: ['ATTACHMENTS', 'CONFIGURATIONS', 'SETTINGS', 'STATISTICS', 'TAGS'] }))
  await client.send(new ListClustersCommand({}))
  await client.send(new DescribeCapacityProvidersCommand({ capacityProviders: ['FARGATE'] }))
  await client.send(new TagResourceCommand({ resourceArn, tags: [{ key: 'b', value: '2' }] }))
  await client.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }))
  await client.send(new ListTagsForResourceCommand({ resourceArn }))
  await client.send(new DeleteClusterCommand({ cluster: 'all' }))

  const { taskDefinition } = await client.send(
    new RegisterTaskDefinitionCommand({
      family: 'all',
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: '256',
      memory: '512',
      tags,
      runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' },
      volumes: [{ name: 'data' }],
      containerDefinitions: [
        {
          name: 'app',
          image: 'no-such-image',
          portMappings: [{ containerPort: 8080, name: 'http', appProtocol: 'http' }],
          environment: [{ name: 'A', value: '1' }],
          healthCheck: { command: ['CMD', 'true'], interval: 5 },
          mountPoints: [{ sourceVolume: 'data', containerPath: '/data' }],
          linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
          ulimits: [{ name: 'nofile', softLimit: 1024, hardLimit: 2048 }],
          dockerLabels: { a: '1' },
        },
      ],
    }),
  )
  const definition = taskDefinition?.taskDefinitionArn
  await client.send(new DescribeTaskDefinitionCommand({ taskDefinition: definition, include: ['TAGS'] }))
  await client.send(new ListTaskDefinitionsCommand({}))
  await client.send(new ListTaskDefinitionFamiliesCommand({}))

  const overrides = { containerOverrides: [{ name: 'app', environment: [{ name: 'B', value: '2' }] }] }
  const { tasks: [task] = [] } = await client.send(new RunTaskCommand({ cluster, taskDefinition: definition, networkConfiguration, overrides, tags }))
  const tasks = [task?.taskArn ?? '', `${task?.taskArn}0`]
  await client.send(new ListTasksCommand({ cluster }))
  await client.send(new DescribeTasksCommand({ cluster, tasks, include: ['TAGS'] }))
  await client.send(new StopTaskCommand({ cluster, task: task?.taskArn }))
  await waitFor('the task is stopped', async () => {
    const described = await client.send(new DescribeTasksCommand({ cluster, tasks }))
    return described.tasks?.[0]?.lastStatus === 'STOPPED'
  })

  const service = 'all'
  await client.send(
    new CreateServiceCommand({ cluster, serviceName: service, taskDefinition: definition, desiredCount: 0, networkConfiguration, tags, propagateTags: 'SERVICE' }),
  )
  await waitForService(service, 'is steady', steady)
  const pause = async () => {
    const lifecycleHooks = [{ targetType: 'PAUSE' as const, lifecycleStages: ['PRE_SCALE_UP' as const] }]
    await client.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true, deploymentConfiguration: { lifecycleHooks } }))
    return waitFor('the deployment is paused', async () => {
      const found = await newestDeployment(service)
      return found?.lifecycleHookDetails?.[0]?.status === 'AWAITING_ACTION' && found
    })
  }
  const { serviceDeploymentArn, lifecycleHookDetails, targetServiceRevision } = await pause()
  await client.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [serviceDeploymentArn ?? '', `${serviceDeploymentArn}0`] }))
  await client.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns: [targetServiceRevision?.arn ?? ''] }))
  await client.send(new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId: lifecycleHookDetails?.[0]?.hookId }))
  await waitForService(service, 'is steady', steady)
  await client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn: (await pause()).serviceDeploymentArn }))
  await waitForService(service, 'is rolled back', steady)
  await client.send(new ListServiceDeploymentsCommand({ cluster, service }))
  await client.send(new DescribeServicesCommand({ cluster, services: [service, 'missing'], include: ['TAGS'] }))
  await client.send(new ListServicesCommand({ cluster }))
  await client.send(new DeleteServiceCommand({ cluster, service }))
  await client.send(new DeregisterTaskDefinitionCommand({ taskDefinition: definition }))
  await client.send(new DeleteTaskDefinitionsCommand({ taskDefinitions: [definition ?? ''] }))

  t.same([...answered].sort(), Object.keys(inputs).sort())
})
