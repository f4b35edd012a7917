// Two revisions side by side; tasks are processes, so that nothing but the scheduler takes time.
import { StopTaskCommand, UpdateServiceCommand, type DeploymentConfiguration } from '@aws-sdk/client-ecs'
import t from 'tap'
import { cluster, connect, scriptContainer, steady } from '../support/ecs.ts'
import { startEmbeddedAws } from '../support/embedded-aws.ts'
import { waitFor } from '../support/wait-for.ts'
import { skipFileWithout } from '../support/needs.ts'
import { createRepository, writeTestImage } from '../support/write-image.ts'

skipFileWithout('ministack')

const aws = await startEmbeddedAws({ speed: 10, tasksAre: 'processes' })
t.teardown(aws.stop)
const ecs = await connect(t, aws, false)
const image = await pushImage()

async function pushImage(): Promise<string> {
  await writeTestImage(await createRepository(aws, 'web'), '1')
  return `127.0.0.1:${aws.port}/web:1`
}

const update = (service: string, change: object) => ecs.client.send(new UpdateServiceCommand({ cluster, service, ...change }))
/** Nothing checks it, so it counts as healthy after a while. */
const idle = scriptContainer('app', 'setInterval(() => {}, 1000)', { image })
/** Runs, and is never found healthy within a test. */
const undecided = { ...idle, healthCheck: { command: ['CMD', '/usr/local/bin/node', '-e', 'process.exit(1)'], interval: 300, startPeriod: 300 } }
const broken = { ...idle, entryPoint: ['/missing'] }
const running = async (service: string, taskDefinition: string) =>
  (await ecs.tasksOf(service)).filter((task) => task.taskDefinitionArn === taskDefinition && task.lastStatus === 'RUNNING')

const begin = async (name: string, desiredCount: number, deploymentConfiguration: DeploymentConfiguration = {}) => {
  const first = await ecs.register(name, [idle])
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
  await ecs.client.send(new StopTaskCommand({ cluster, task: lost?.taskArn }))
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
t.test('early success: complete at a share of healthy tasks, and scaled to all of them afterwards', { buffered: true }, async (t) => {
  const criteria = { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup: 'DEFERRED' as const }
  const first = await ecs.register('early', [idle])
  await ecs.createService('early', first, { desiredCount: 2, deploymentConfiguration: { minimumHealthyPercent: 50, maximumPercent: 150, earlySuccessCriteria: criteria } })
  await ecs.waitForService('early', 'is steady', ({ deployments, runningCount }) => deployments?.[0]?.rolloutState === 'COMPLETED' && runningCount === 2)
  const second = await ecs.register('early', [idle])
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

t.test('early success that waits for the old tasks: all of them are ended', { buffered: true }, async (t) => {
  const earlySuccessCriteria = { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup: 'BLOCKING' as const }
  const first = await begin('blocking', 2, { minimumHealthyPercent: 50, maximumPercent: 150, earlySuccessCriteria })
  await ecs.waitForService('blocking', 'runs all of it', ({ runningCount }) => runningCount === 2)
  const second = await ecs.register('blocking', [idle])
  await update('blocking', { taskDefinition: second })
  const { targetServiceRevision, sourceServiceRevisions } = await waitFor('the deployment is successful', async () => {
    const found = await ecs.newestDeployment('blocking')
    return found?.status === 'SUCCESSFUL' && found
  })
  t.ok((targetServiceRevision?.runningTaskCount ?? 0) >= 1)
  t.match(sourceServiceRevisions, [{ runningTaskCount: 0, pendingTaskCount: 0 }])
  t.same((await ecs.tasksOf('blocking', 'STOPPED')).map(({ taskDefinitionArn }) => taskDefinitionArn), [first, first])
  const { currentServiceDeployment } = await ecs.describeService('blocking')
  t.equal(currentServiceDeployment, (await ecs.newestDeployment('blocking'))?.serviceDeploymentArn)
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
