import {
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  paginateListTasks,
  type Service,
  type ServiceDeployment,
  type Task,
} from '@aws-sdk/client-ecs'
import { CliError } from '../errors.ts'
import { callOptions, clientDefaults, doing } from './client.ts'

export type { Service, ServiceDeployment, Task }

/** What finds one service of a region. */
export type ServiceNames = { region: string; cluster: string; service: string }

/** The calls that tell about one service. @throws each CliError `unavailable` */
export function openService({ region, cluster, service }: ServiceNames) {
  const ecs = new ECSClient(clientDefaults(region))

  const listTasks = async (desiredStatus: 'RUNNING' | 'STOPPED', known: Set<string>): Promise<Task[]> => {
    const found: Task[] = []
    for await (const { taskArns = [] } of paginateListTasks({ client: ecs }, { cluster, serviceName: service, desiredStatus })) {
      const tasks = taskArns.filter((arn) => !known.has(arn))
      if (tasks.length === 0) continue
      found.push(...((await ecs.send(new DescribeTasksCommand({ cluster, tasks }), callOptions)).tasks ?? []))
    }
    return found
  }

  const listDeployments = async (after: Date): Promise<ServiceDeployment[]> => {
    const listed = await ecs.send(new ListServiceDeploymentsCommand({ cluster, service, createdAt: { after } }), callOptions)
    const serviceDeploymentArns = (listed.serviceDeployments ?? []).map(({ serviceDeploymentArn = '' }) => serviceDeploymentArn)
    if (serviceDeploymentArns.length === 0) return []
    const asked = ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }), callOptions)
    return ((await asked).serviceDeployments ?? []).toReversed()
  }

  return {
    /** The service's tasks, as `ListTasks` and `DescribeTasks` show them; ARNs that are `known` are left out. */
    tasks: (desiredStatus: 'RUNNING' | 'STOPPED', known = new Set<string>()) =>
      doing(`read the tasks of ${service}`, listTasks(desiredStatus, known)),

    describe: async (): Promise<Service> => {
      const asked = ecs.send(new DescribeServicesCommand({ cluster, services: [service] }), callOptions)
      const { services = [] } = await doing(`read the service ${service}`, asked)
      if (services[0]) return services[0]
      throw new CliError('unavailable', `The ECS service ${service} does not exist in the cluster ${cluster}.`)
    },

    /** Deployments that began after `since`, oldest first. */
    deployments: (since: Date) => doing(`read the deployments of ${service}`, listDeployments(since)),
  }
}
