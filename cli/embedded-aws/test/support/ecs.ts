import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr'
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type ContainerDefinition,
  type CreateServiceCommandInput,
  type RegisterTaskDefinitionCommandInput,
  type RunTaskCommandInput,
  type Service,
  type Task,
} from '@aws-sdk/client-ecs'
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  ModifyTargetGroupAttributesCommand,
  type CreateTargetGroupCommandInput,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Test } from 'tap'
import { z } from 'zod'
import type { AwsError } from '../../src/aws-error.ts'
import type { EngineAddress } from '../../src/engine/address.ts'
import { ecs as ecsModel } from '../../src/models/model.ts'
import { createUpstream } from '../../src/upstream.ts'
import { holdToModel, readModel } from './model.ts'
import { startEmbeddedAws, type EmbeddedAws } from './embedded-aws.ts'
import { cpuArchitecture, pushTestImage } from './engine.ts'
import { waitFor } from './wait-for.ts'

export const scope = { region: 'us-east-1', account: '000000000000' }
export const cluster = 'tests'
/** The default VPC's, which ministack has in every account. */
export const networkConfiguration = { awsvpcConfiguration: { subnets: ['subnet-00000001', 'subnet-00000002'], securityGroups: ['sg-00000001'] } }
const role = `arn:aws:iam::${scope.account}:role/execution`

/** What lets a service assume a role. */
export const trust = (Service: string, more: object = {}) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole', ...more }] })

/** A container without the fields that every container of these tests has. */
export type Container = Omit<ContainerDefinition, 'image'> & { image?: string }

type Reachable = Pick<EmbeddedAws, 'url' | 'port' | 'client' | 'stateDir' | 'ministack'>

export type Ecs = Awaited<ReturnType<typeof startEcs>>

/** An embedded AWS with a cluster; ended with the test. `image` is empty unless asked for. */
export async function startEcs(t: Test, options: { speed?: number; image?: boolean; engine?: EngineAddress } = {}) {
  const aws = await startEmbeddedAws({ speed: options.speed ?? 10, engine: options.engine })
  t.teardown(aws.stop)
  return connect(t, aws, options.image ?? false)
}

/** The clients, and the few calls that most tests begin with. */
export async function connect<Aws extends Reachable>(t: Test, aws: Aws, withImage: boolean) {
  const client = holdToModel(new ECSClient(aws.client), ecsModel)
  const elb = holdToModel(new ElasticLoadBalancingV2Client(aws.client), readModel('elasticloadbalancing'))
  const image = withImage ? await push(t, aws) : 'no-such-image'
  const upstream = createUpstream(aws.ministack)
  await client.send(new CreateClusterCommand({ clusterName: cluster, capacityProviders: ['FARGATE', 'FARGATE_SPOT'] }))
  await upstream.query(scope, 'iam', { Action: 'CreateRole', RoleName: 'execution', AssumeRolePolicyDocument: trust('ecs-tasks.amazonaws.com') }).catch((error: AwsError) => {
    if (error.type !== 'EntityAlreadyExists') throw error
  })

  const register = async (family: string, containers: Container[], more: Partial<RegisterTaskDefinitionCommandInput> = {}) => {
    const { taskDefinition } = await client.send(
      new RegisterTaskDefinitionCommand({
        family,
        requiresCompatibilities: ['FARGATE'],
        networkMode: 'awsvpc',
        cpu: '256',
        memory: '512',
        executionRoleArn: role,
        runtimePlatform: { cpuArchitecture },
        containerDefinitions: containers.map((container) => ({ image, ...container })),
        ...more,
      }),
    )
    return taskDefinition?.taskDefinitionArn as string
  }
  const describeTask = async (task: string): Promise<Task> => {
    const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: [task], include: ['TAGS'] }))
    if (!tasks[0]) throw new Error(`no task ${task}`)
    return tasks[0]
  }
  const runTask = async (taskDefinition: string, more: Partial<RunTaskCommandInput> = {}) => {
    const { tasks = [] } = await client.send(new RunTaskCommand({ cluster, taskDefinition, networkConfiguration, ...more }))
    return tasks[0]?.taskArn as string
  }
  const waitForTask = (task: string, status: string) =>
    waitFor(`task is ${status}`, async () => {
      const found = await describeTask(task)
      return found.lastStatus === status && found
    })
  const describeService = async (service: string): Promise<Service> => {
    const { services = [] } = await client.send(new DescribeServicesCommand({ cluster, services: [service] }))
    if (!services[0]) throw new Error(`no service ${service}`)
    return services[0]
  }
  return {
    ...aws,
    clientOptions: aws.client,
    client,
    elb,
    image,
    upstream,
    register,
    describeTask,
    describeService,
    runTask,
    waitForTask,
    newestDeployment: async (service: string) => {
      const { serviceDeployments: [brief] = [] } = await client.send(new ListServiceDeploymentsCommand({ cluster, service }))
      const asked = new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [brief?.serviceDeploymentArn ?? ''] })
      return (await client.send(asked)).serviceDeployments?.[0]
    },
    /** Runs one task to its end. */
    runToEnd: async (family: string, containers: Container[], more: Partial<RegisterTaskDefinitionCommandInput> = {}) => {
      const task = await runTask(await register(family, containers, more))
      return waitForTask(task, 'STOPPED')
    },
    createService: (serviceName: string, taskDefinition: string, more: Partial<CreateServiceCommandInput> = {}) =>
      client.send(
        new CreateServiceCommand({ cluster, serviceName, taskDefinition, desiredCount: 1, networkConfiguration, ...more }),
      ),
    waitForService: (service: string, what: string, holds: (found: Service) => boolean, seconds = 120) =>
      waitFor(
        `service ${what}`,
        async () => {
          const found = await describeService(service)
          return holds(found) && found
        },
        seconds,
      ),
    tasksOf: async (serviceName: string, desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING'): Promise<Task[]> => {
      const { taskArns = [] } = await client.send(new ListTasksCommand({ cluster, serviceName, desiredStatus }))
      return Promise.all(taskArns.map(describeTask))
    },
    createBalancer: (name: string, group: Partial<CreateTargetGroupCommandInput> = {}, delaySeconds = 5) =>
      createBalancer(elb, name, group, delaySeconds),
    healthOf: async (TargetGroupArn: string) =>
      (await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }))).TargetHealthDescriptions ?? [],
    /** The loopback port of a listener that is not its load balancer's first; no API tells it. */
    portOf: (listenerArn: string) =>
      waitFor('the listener has a port', async () => {
        const { ports } = JSON.parse(await readFile(join(aws.stateDir, 'ecs.json'), 'utf8')) as { ports: Record<string, number> }
        return ports[listenerArn]
      }),
    createLogGroup: (logGroupName: string) => upstream.call(scope, 'logs', 'CreateLogGroup', { logGroupName }),
    /** What a container printed, line by line. */
    logsOf: async (logGroupName: string, logStreamName: string): Promise<string[]> => {
      const schema = z.object({ events: z.array(z.object({ message: z.string() })) })
      const { events } = await upstream.read(schema, scope, 'logs', 'GetLogEvents', { logGroupName, logStreamName, startFromHead: true })
      return events.map(({ message }) => message)
    },
  }
}

async function push(t: Test, { url, port, client }: Reachable): Promise<string> {
  const ecr = new ECRClient(client)
  const { repository } = await ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  const [, name] = /^([^/]+\/.+)$/.exec(repository?.repositoryUri ?? '') ?? []
  if (!name?.startsWith(`127.0.0.1:${port}/`)) throw new Error(`${url} names the repository ${name}`)
  t.teardown(await pushTestImage(`${name}:1`, client))
  return `${scope.account}.dkr.ecr.${scope.region}.amazonaws.com/app:1`
}

/** A load balancer whose only listener forwards to one target group; health checks are the quickest that ELB allows. */
async function createBalancer(
  elb: ElasticLoadBalancingV2Client,
  name: string,
  group: Partial<CreateTargetGroupCommandInput>,
  delaySeconds: number,
) {
  const { LoadBalancers: [loadBalancer] = [] } = await elb.send(
    new CreateLoadBalancerCommand({ Name: name, Subnets: ['subnet-00000001', 'subnet-00000002'] }),
  )
  const { TargetGroups: [target] = [] } = await elb.send(
    new CreateTargetGroupCommand({
      Name: name,
      Protocol: 'HTTP',
      Port: 8080,
      VpcId: 'vpc-a',
      TargetType: 'ip',
      HealthCheckPath: '/healthz',
      HealthCheckIntervalSeconds: 5,
      HealthCheckTimeoutSeconds: 4,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 2,
      ...group,
    }),
  )
  const targetGroupArn = target?.TargetGroupArn as string
  const loadBalancerArn = loadBalancer?.LoadBalancerArn as string
  await elb.send(
    new ModifyTargetGroupAttributesCommand({
      TargetGroupArn: targetGroupArn,
      Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: String(delaySeconds) }],
    }),
  )
  const { Listeners: [listener] = [] } = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: loadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
    }),
  )
  return {
    loadBalancerArn,
    targetGroupArn,
    listenerArn: listener?.ListenerArn as string,
    url: `http://${loadBalancer?.DNSName}`,
    loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: 8080 }],
  }
}

/** The container that most services of these tests run. */
export const appContainer = (environment: Record<string, string | number> = {}, more: Partial<Container> = {}): Container => ({
  name: 'app',
  portMappings: [{ containerPort: 8080 }],
  environment: Object.entries(environment).map(([name, value]) => ({ name, value: String(value) })),
  ...more,
})

/** A container that runs a line of JavaScript. */
export const scriptContainer = (name: string, script: string, more: Partial<Container> = {}): Container => ({
  name,
  command: ['-e', script],
  ...more,
})

/** The service has one deployment, and that one is complete. */
export const steady = ({ deployments = [] }: Service) => deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED'

/** What a service's events say, the newest first. */
export const messages = ({ events = [] }: Service) => events.map(({ message = '' }) => message)
