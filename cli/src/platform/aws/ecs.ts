import {
  ContinueServiceDeploymentCommand,
  DeregisterTaskDefinitionCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ExecuteCommandCommand,
  ListServiceDeploymentsCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopServiceDeploymentCommand,
  StopTaskCommand,
  UpdateServiceCommand,
  paginateListTasks,
  type Container,
  type ContainerDefinition,
  type DeploymentConfiguration,
  type DeploymentLifecycleHook,
  type RegisterTaskDefinitionCommandInput,
  type Service,
  type ServiceDeployment,
  type ServiceRevision,
  type Task,
  type TaskDefinition,
} from '@aws-sdk/client-ecs'
import { CliError } from '../errors.ts'
import { clientDefaults, doing, timedCallOptions } from './client.ts'

export type { Container, ContainerDefinition, DeploymentConfiguration, DeploymentLifecycleHook, Service, ServiceDeployment, ServiceRevision, Task, TaskDefinition }

/** The address by which a load balancer knows a task. */
export const privateAddressOf = ({ attachments = [] }: Task): string | undefined =>
  attachments.flatMap(({ details = [] }) => details).find(({ name }) => name === 'privateIPv4Address')?.value

/** What finds one service of a region. */
export type ServiceNames = { region: string; cluster: string; service: string }

/** The calls that tell about one service. @throws each CliError `unavailable`, naming the permission where that is what lacks */
export function openService({ region, cluster, service }: ServiceNames) {
  const ecs = new ECSClient(clientDefaults(region))
  const listTasks = async (desiredStatus: 'RUNNING' | 'STOPPED') => {
    const pages: string[][] = []
    const listed = paginateListTasks({ client: ecs }, { cluster, serviceName: service, desiredStatus }, timedCallOptions())
    for await (const { taskArns = [] } of listed) pages.push(taskArns)
    return pages
  }
  const describeTasks = (tasks: string[]) => ecs.send(new DescribeTasksCommand({ cluster, tasks }), timedCallOptions())

  return {
    /** The service's tasks, as `ListTasks` and `DescribeTasks` show them; ARNs that are `known` are left out. */
    tasks: async (desiredStatus: 'RUNNING' | 'STOPPED', known = new Set<string>()): Promise<Task[]> => {
      const pages = await doing(`list the tasks of ${service}`, listTasks(desiredStatus), 'ecs:ListTasks')
      const asked = pages.map((arns) => arns.filter((arn) => !known.has(arn))).filter(({ length }) => length > 0)
      const described = Promise.all(asked.map(describeTasks))
      const answers = await doing(`read the tasks of ${service}`, described, 'ecs:DescribeTasks')
      return answers.flatMap(({ tasks = [] }) => tasks)
    },

    describe: async (): Promise<Service> => {
      const asked = ecs.send(new DescribeServicesCommand({ cluster, services: [service] }), timedCallOptions())
      const { services = [] } = await doing(`read the service ${service}`, asked, 'ecs:DescribeServices')
      if (services[0]) return services[0]
      throw new CliError('unavailable', `The ECS service ${service} does not exist in the cluster ${cluster}.`)
    },

    /** The newest twenty deployments, which one call describes, oldest first. */
    deployments: async (): Promise<ServiceDeployment[]> => {
      const asked = ecs.send(new ListServiceDeploymentsCommand({ cluster, service, maxResults: 20 }), timedCallOptions())
      const listed = await doing(`list the deployments of ${service}`, asked, 'ecs:ListServiceDeployments')
      const serviceDeploymentArns = (listed.serviceDeployments ?? []).flatMap(({ serviceDeploymentArn: arn }) => arn ?? [])
      if (serviceDeploymentArns.length === 0) return []
      const described = ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }), timedCallOptions())
      const { serviceDeployments = [] } = await doing(`read the deployments of ${service}`, described, 'ecs:DescribeServiceDeployments')
      return serviceDeployments.toSorted((a, b) => Number(a.createdAt) - Number(b.createdAt))
    },

    /** What deployments bring: a task definition, and the digests that its images were resolved to. */
    revisions: async (serviceRevisionArns: string[]): Promise<ServiceRevision[]> => {
      if (serviceRevisionArns.length === 0) return []
      const asked = ecs.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns }), timedCallOptions())
      const { serviceRevisions = [] } = await doing(`read the revisions of ${service}`, asked, 'ecs:DescribeServiceRevisions')
      return serviceRevisions
    },

    /** Ends a deployment and puts the service back: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html */
    rollBack: async (serviceDeploymentArn: string): Promise<void> => {
      const asked = ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' }), timedCallOptions())
      await doing(`stop the deployment of ${service}`, asked, 'ecs:StopServiceDeployment')
    },

    /**
     * Changes how the service deploys, even after an interrupt; that starts no deployment:
     * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
     */
    configure: async (deploymentConfiguration: DeploymentConfiguration): Promise<void> => {
      await doing(`change how ${service} deploys`, ecs.send(new UpdateServiceCommand({ cluster, service, deploymentConfiguration })), 'ecs:UpdateService')
    },

    /** Lets a deployment go on that a lifecycle hook holds. */
    proceed: async (serviceDeploymentArn: string, hookId: string): Promise<void> => {
      const asked = ecs.send(new ContinueServiceDeploymentCommand({ serviceDeploymentArn, hookId, action: 'CONTINUE' }), timedCallOptions())
      await doing(`continue the deployment of ${service}`, asked, 'ecs:ContinueServiceDeployment')
    },

    taskDefinition: async (taskDefinition: string): Promise<TaskDefinition | undefined> => {
      const asked = ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }), timedCallOptions())
      return (await doing(`read ${taskDefinition}`, asked, 'ecs:DescribeTaskDefinition')).taskDefinition
    },

    /** Registers a revision. @returns its ARN */
    register: async (definition: RegisterTaskDefinitionCommandInput): Promise<string> => {
      const asked = ecs.send(new RegisterTaskDefinitionCommand(definition), timedCallOptions())
      const { taskDefinition } = await doing(`register the task definition ${definition.family}`, asked, 'ecs:RegisterTaskDefinition')
      return taskDefinition?.taskDefinitionArn ?? ''
    },

    /** Even after an interrupt, so that nothing is left behind. */
    deregister: async (taskDefinition: string): Promise<void> => {
      await doing(`deregister ${taskDefinition}`, ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition })), 'ecs:DeregisterTaskDefinition')
    },

    /** Starts one task with the network, capacity and platform of a service. */
    runTask: async (taskDefinition: string, like: Service, startedBy: string): Promise<Task> => {
      const { networkConfiguration, capacityProviderStrategy, launchType, platformVersion } = like
      const capacity = capacityProviderStrategy?.length ? { capacityProviderStrategy } : { launchType }
      const input = { cluster, taskDefinition, startedBy, networkConfiguration, platformVersion, ...capacity }
      const { tasks = [], failures = [] } = await doing('run a task', ecs.send(new RunTaskCommand(input), timedCallOptions()), 'ecs:RunTask')
      if (tasks[0]) return tasks[0]
      throw new CliError('deploymentFailed', 'ECS did not start the task.', { cause: failures.map(({ reason, detail }) => detail ?? reason).join('\n') })
    },

    /** Even after an interrupt. */
    stopTask: async (task: string, reason: string): Promise<void> => {
      await doing('stop the task', ecs.send(new StopTaskCommand({ cluster, task, reason })), 'ecs:StopTask')
    },

    /** One task of the cluster, whether the service's or not. */
    task: async (arn: string): Promise<Task | undefined> => {
      const { tasks = [] } = await doing('read the task', ecs.send(new DescribeTasksCommand({ cluster, tasks: [arn] }), timedCallOptions()), 'ecs:DescribeTasks')
      return tasks[0]
    },

    /** Opens a session in a container; its token is a secret. */
    execute: async (task: string, container: string, command: string) => {
      const asked = ecs.send(new ExecuteCommandCommand({ cluster, task, container, command, interactive: true }), timedCallOptions())
      return (await doing('open a session in the task', asked, 'ecs:ExecuteCommand')).session
    },
  }
}
