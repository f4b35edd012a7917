// A tool of other people against the embedded ECS: https://pypi.org/project/ecs-deploy/
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { appContainer, cluster, startEcs, steady } from './support/ecs.ts'
import { ecsDeploy } from './support/embedded-aws.ts'
import { skipFileWithout } from './support/needs.ts'

skipFileWithout('ecs-deploy', 'engine', 'ministack')

t.test('ecs-deploy deploys, scales and rolls back', { timeout: 550_000 }, async (t) => {
  const ecs = await startEcs(t, { image: true })
  const { region, credentials } = ecs.clientOptions
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: ecs.url,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_PROFILE: undefined,
  }
  const run = async (...args: string[]) => {
    const ended = promisify(execFile)(ecsDeploy ?? '', args, { env }) as Promise<{ stdout: string; stderr: string; code?: number }>
    const { stdout, stderr, code = 0 } = await ended.catch((error: { stdout: string; stderr: string; code: number }) => error)
    return { said: stdout + stderr, code }
  }
  const first = await ecs.register('web', [appContainer()])
  await ecs.createService('web', first)
  await ecs.waitForService('web', 'is steady', steady)

  const deployed = await run('deploy', cluster, 'web', '--env', 'app', 'COLOUR', 'green', '--no-deregister', '--timeout', '120')
  t.equal(deployed.code, 0, deployed.said)
  t.match(deployed.said, 'Deployment successful')
  const second = (await ecs.describeService('web')).taskDefinition
  t.match(second, /:task-definition\/web:2$/)

  const scaled = await run('scale', cluster, 'web', '2', '--timeout', '120')
  t.equal(scaled.code, 0, scaled.said)
  t.match(await ecs.describeService('web'), { desiredCount: 2, runningCount: 2 })

  const broken = await run('deploy', cluster, 'web', '--image', 'app', 'no-such-image', '--no-deregister', '--rollback', '--timeout', '15')
  t.equal(broken.code, 1, broken.said)
  t.match(broken.said, 'Rolling back')
  t.match(await ecs.describeService('web'), { taskDefinition: second, runningCount: 2 })
})
