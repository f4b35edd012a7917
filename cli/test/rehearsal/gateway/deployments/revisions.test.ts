// Two revisions side by side, with real containers.
import { UpdateServiceCommand, type DeploymentConfiguration } from '@aws-sdk/client-ecs'
import t from 'tap'
import { run } from '../../../../src/platform/run.ts'
import { appContainer, cluster, scriptContainer, startEcs, steady } from '../../../support/ecs.ts'
import { waitFor } from '../../../support/wait-for.ts'
import { skipFileWithout } from '../../../support/needs.ts'

skipFileWithout('engine', 'embedded AWS')

const ecs = await startEcs(t, { image: true })
const update = (service: string, change: object) => ecs.client.send(new UpdateServiceCommand({ cluster, service, ...change }))
/** Runs, and is never found healthy within a test. */
const healthCheck = { command: ['CMD', '/usr/local/bin/node', '-e', 'process.exit(1)'], interval: 300, startPeriod: 300 }
const undecided = appContainer({}, { healthCheck })
const broken = appContainer({}, { entryPoint: ['/missing'] })
const running = async (service: string, taskDefinition: string) =>
  (await ecs.tasksOf(service)).filter((task) => task.taskDefinitionArn === taskDefinition && task.lastStatus === 'RUNNING')

const begin = async (name: string, desiredCount: number, deploymentConfiguration: DeploymentConfiguration = {}) => {
  const first = await ecs.register(name, [appContainer()])
  await ecs.createService(name, first, { desiredCount, deploymentConfiguration })
  await ecs.waitForService(name, 'is steady', steady)
  return first
}

t.jobs = 3

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
t.test('during a deployment, tasks are replaced by their own revision, and scaling out adds to both', { buffered: true }, async (t) => {
  const first = await begin('both', 2)
  const second = await ecs.register('both', [undecided])
  await update('both', { taskDefinition: second })
  await waitFor('both revisions run', async () => (await running('both', second)).length === 2)
  const [lost] = await running('both', first)
  await run('docker', ['kill', lost?.containers?.[0]?.runtimeId ?? ''])
  await waitFor('another task of the first revision', async () => {
    const tasks = await running('both', first)
    return tasks.length === 2 && tasks.every(({ taskArn }) => taskArn !== lost?.taskArn)
  })
  await update('both', { desiredCount: 3 })
  const service = await ecs.waitForService('both', 'has three of each', ({ deployments = [] }) => deployments.every(({ runningCount }) => runningCount === 3))
  t.match(service.deployments, [
    { status: 'PRIMARY', taskDefinition: second, desiredCount: 3, rolloutState: 'IN_PROGRESS', failedTasks: 0 },
    { status: 'ACTIVE', taskDefinition: first, desiredCount: 3, rolloutState: 'COMPLETED' },
  ])
  t.match(await ecs.newestDeployment('both'), {
    targetServiceRevision: { requestedTaskCount: 3, runningTaskCount: 3, pendingTaskCount: 0 },
    sourceServiceRevisions: [{ requestedTaskCount: 3, runningTaskCount: 3, pendingTaskCount: 0 }],
  })
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html
t.test('early success: complete at a share of healthy tasks, while old ones are still being stopped', { buffered: true }, async (t) => {
  const stubborn = scriptContainer('app', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)', { stopTimeout: 60 })
  const criteria = { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup: 'DEFERRED' as const }
  const first = await ecs.register('early', [stubborn])
  await ecs.createService('early', first, { desiredCount: 2, deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 150, earlySuccessCriteria: criteria } })
  await ecs.waitForService('early', 'is steady', ({ deployments, runningCount }) => deployments?.[0]?.rolloutState === 'COMPLETED' && runningCount === 2)
  const second = await ecs.register('early', [appContainer()])
  await update('early', { taskDefinition: second })
  const early = await waitFor('the deployment is successful', async () => {
    const found = await ecs.newestDeployment('early')
    return found?.status === 'SUCCESSFUL' && found
  })
  t.match(early, { deploymentConfiguration: { earlySuccessCriteria: criteria } })
  const { deployments = [] } = await ecs.describeService('early')
  t.match(deployments[0], { status: 'PRIMARY', taskDefinition: second, rolloutState: 'COMPLETED' })
  await ecs.waitForService('early', 'is scaled to all of it afterwards', (service) => steady(service) && service.runningCount === 2)
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html
t.test('a circuit breaker of two failures', { buffered: true }, async (t) => {
  const deploymentCircuitBreaker = { enable: true, rollback: true, resetOnHealthyTask: false, thresholdConfiguration: { type: 'COUNT' as const, value: 2 } }
  const first = await begin('two', 1, { deploymentCircuitBreaker })
  await update('two', { taskDefinition: await ecs.register('two', [broken]) })
  await ecs.waitForService('two', 'is rolled back', (service) => service.taskDefinition === first && steady(service))
  t.match(await ecs.newestDeployment('two'), {
    status: 'ROLLBACK_SUCCESSFUL',
    deploymentCircuitBreaker: { status: 'TRIGGERED', failureCount: 2, threshold: 2 },
  })
})
