import { json, type FakeAccount } from './fake-aws.ts'

const arn = 'arn:aws:ecs:eu-central-1:123456789012:'
export const digest = `sha256:${'a'.repeat(64)}`
export const otherDigest = `sha256:${'c'.repeat(64)}`
export const taskDefinition = (revision: number) => `${arn}task-definition/webapp:${revision}`
const deploymentArn = (name: number) => `${arn}service-deployment/webapp-dev/webapp/${name}`
const revisionArn = (name: number) => `${arn}service-revision/webapp-dev/webapp/${name}`
const taskArn = (name: number) => `${arn}task/webapp-dev/${String(name).repeat(32)}`
/** AWS's clock, epoch seconds: hours before this machine's, or after it. */
export const hour = 3600
export const now = Math.round(Date.now() / 1000)

export type FakeContainer = { name: string; imageDigest?: string; exitCode?: number; reason?: string; healthStatus?: string }
export type FakeDeployment = {
  /** Names it and its revision; the newest has the highest. */
  name: number
  status: string
  statusReason?: string
  taskDefinition?: string
  /** What it replaces; by default another. */
  sources?: { arn: string }[]
  /** Its lifecycle hooks. */
  hooks?: { hookId: string; targetType: string; status: string; expiresAt?: number; timeoutAction?: string }[]
  images?: { containerName: string; image?: string; imageDigest?: string }[]
}
export type FakeStop = { taskDefinition?: string; stopCode?: string; stoppedReason: string; containers?: FakeContainer[]; seconds?: number }

/** What ECS shows at one look. */
export type FakeService = {
  /** When the last deployment began, as AWS's clock goes. */
  began: number
  /** What the service runs, and whether that is complete. */
  runs: string
  rolloutState: string
  deploymentConfiguration?: object
  /** ECS deployments that are left. */
  left: number
  deployments: FakeDeployment[]
  running: { taskDefinition?: string; containers: FakeContainer[]; lastStatus?: string }[]
  stopped: FakeStop[]
  events: string[]
}

/** The app's container with a digest, and any that stand before it. */
export const containers = (imageDigest = digest, before: FakeContainer[] = []): FakeContainer[] => [...before, { name: 'app', imageDigest }]

/** Two tasks of webapp:2 with the release's digest, deployed hours ago. */
const whole: FakeService = {
  began: now - 5 * hour,
  runs: taskDefinition(2),
  rolloutState: 'COMPLETED',
  left: 1,
  deployments: [{ name: 2, status: 'SUCCESSFUL' }],
  running: [{ containers: containers() }, { containers: containers() }],
  stopped: [],
  events: [],
}

/**
 * ECS's answers about one service that at the n-th look is as given, and as `whole` in all else.
 * Shapes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Operations.html
 */
export function deployedService(at: (look: number) => Partial<FakeService> = () => ({})): FakeAccount['answers'] {
  /** ListTasks comes twice a look, and before DescribeTasks. */
  let look = 1
  const show = (n: number): FakeService => ({ ...whole, ...at(n) })
  const finishedAt = ({ began }: FakeService, { status }: FakeDeployment) => (status.includes('PROGRESS') ? undefined : began + 30)
  return {
    DescribeServices: (n) => {
      const { began, runs, rolloutState, left, events, deploymentConfiguration } = show(n)
      const primary = { id: 'ecs-svc/2', status: 'PRIMARY', taskDefinition: runs, createdAt: began, rolloutState }
      const old = { id: 'ecs-svc/1', status: 'ACTIVE', taskDefinition: taskDefinition(1), createdAt: 1, rolloutState: 'COMPLETED' }
      return {
        services: [
          {
            serviceName: 'webapp',
            clusterArn: `${arn}cluster/webapp-dev`,
            taskDefinition: runs,
            deploymentConfiguration,
            loadBalancers: [{ targetGroupArn: 'webapp-8080', containerName: 'app', containerPort: 8080 }],
            desiredCount: 2,
            runningCount: 2,
            deployments: [primary, ...Array<object>(left - 1).fill(old)],
            events: events.map((message, index) => ({ id: message, createdAt: began + index + 1, message: `(service webapp) ${message}` })).reverse(),
          },
        ],
      }
    },
    ListServiceDeployments: (n) => ({
      serviceDeployments: show(n).deployments.map(({ name }) => ({ serviceDeploymentArn: deploymentArn(name) })).reverse(),
    }),
    DescribeServiceDeployments: (n) => ({
      serviceDeployments: show(n).deployments.map((each, index, all) => ({
        serviceDeploymentArn: deploymentArn(each.name),
        createdAt: show(n).began + index - all.length + 1,
        finishedAt: finishedAt(show(n), each),
        status: each.status,
        statusReason: each.statusReason,
        lifecycleHookDetails: each.hooks,
        targetServiceRevision: { arn: revisionArn(each.name) },
        sourceServiceRevisions: each.sources ?? [{ arn: revisionArn(0) }],
      })),
    }),
    DescribeServiceRevisions: (n) => ({
      serviceRevisions: show(n).deployments.map(({ name, taskDefinition: brings = taskDefinition(2), images }) => ({
        serviceRevisionArn: revisionArn(name),
        taskDefinition: brings,
        containerImages: images ?? [{ containerName: 'app', image: 'webapp:v1', imageDigest: digest }],
      })),
    }),
    ListTasks: (call, { desiredStatus }) => {
      look = Math.ceil(call / 2)
      const { running, stopped } = show(look)
      return { taskArns: desiredStatus === 'STOPPED' ? stopped.map((_, index) => taskArn(5 + index)) : running.map((_, index) => taskArn(1 + index)) }
    },
    DescribeTargetHealth: { '10.0.0.1': 'healthy', '10.0.0.2': 'healthy' },
    DescribeTasks: (_, { tasks = [] }) => {
      const { running, stopped, began } = show(look)
      const up = running.map(({ taskDefinition: of = taskDefinition(2), ...task }, index) => ({ lastStatus: 'RUNNING', taskDefinitionArn: of, taskArn: taskArn(1 + index), ...task }))
      const down = stopped.map(({ seconds = 2, taskDefinition: of = taskDefinition(2), ...task }, index) => ({
        taskArn: taskArn(5 + index),
        taskDefinitionArn: of,
        lastStatus: 'STOPPED',
        stoppingAt: began + seconds,
        stoppedAt: began + seconds + 1,
        ...task,
      }))
      return { tasks: [...up, ...down].filter((task) => tasks.includes(task.taskArn)) }
    },
  }
}

/** What a service answers that does not let itself be asked. */
export const refusal = (code: string, status = 400) => json({ __type: code, message: 'refused' }, status)
export const garbage = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>502</html>' }
