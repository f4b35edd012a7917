import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { receiptSchema } from '../../src/rollout/receipt/receipt.ts'
import { runCli } from '../support/cli.ts'
import { deployScene, digest } from '../support/deploy-scene.ts'
import type { FakeInput } from '../support/fake-aws.ts'
import { containers, deployedService, hour, now, otherDigest, refusal, taskDefinition, type FakeDeployment, type FakeService } from '../support/fake-service.ts'

const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true }, maximumPercent: 200 }
const old: FakeDeployment = { name: 1, status: 'SUCCESSFUL', taskDefinition: taskDefinition(1), images: [{ containerName: 'app', imageDigest: otherDigest }] }
const waiting = (status: string) => [{ hookId: 'ecs-pause-1', targetType: 'PAUSE', status, expiresAt: now + 24 * hour, timeoutAction: 'ROLLBACK' }]
const oldRuns = { runs: taskDefinition(1), running: [{ taskDefinition: taskDefinition(1), containers: containers(otherDigest) }] }
const phases = {
  before: { ...oldRuns, deployments: [old] },
  held: { deployments: [old, { name: 2, status: 'IN_PROGRESS', hooks: waiting('AWAITING_ACTION') }], rolloutState: 'IN_PROGRESS', left: 2 },
  continued: { deployments: [old, { name: 2, status: 'SUCCESSFUL', hooks: waiting('SUCCEEDED') }] },
  stopped: { ...oldRuns, deployments: [old, { name: 2, status: 'ROLLBACK_SUCCESSFUL', hooks: waiting('FAILED') }] },
  expired: { ...oldRuns, deployments: [old, { name: 2, status: 'ROLLBACK_SUCCESSFUL', statusReason: 'The lifecycle hook timed out.', hooks: waiting('TIMED_OUT') }] },
} satisfies Record<string, Partial<FakeService>>

/** A service whose ECS holds what Terraform deploys. */
async function scene(t: Test, answers: object = {}) {
  const ecs = { phase: 'before' as keyof typeof phases, configuration: breaker as object, configured: [] as object[] }
  const served = () => ({ status: 200, body: JSON.stringify(ecs.phase === 'held' || ecs.phase === 'continued' ? { version: '1.2.3', imageTag: 'v1', imageDigest: digest } : { version: '1.0.0', imageTag: 'v0', imageDigest: otherDigest }) })
  const made = await deployScene(t, {
    deployed: true,
    served,
    account: {
      repositories: { webapp: { immutable: true, images: { v0: { digest: otherDigest }, v1: { digest } } } },
      answers: {
        ...deployedService(() => ({ ...phases[ecs.phase], deploymentConfiguration: ecs.configuration })),
        // The hook is taken away when the deployment has begun.
        UpdateService: (_: number, { deploymentConfiguration = {} }: FakeInput) => {
          ecs.configured.push(deploymentConfiguration)
          ecs.configuration = deploymentConfiguration
          ecs.phase = 'held'
          return {}
        },
        ContinueServiceDeployment: () => ((ecs.phase = 'continued'), {}),
        StopServiceDeployment: () => ((ecs.phase = 'stopped'), {}),
        ...answers,
      },
    },
  })
  const local = join(made.infrastructure, '..', '.fargate-ctl/receipts/state-bucket/webapp/dev/receipts/webapp-dev')
  const receipts = () => readdirSync(local).map((name) => receiptSchema.parse(JSON.parse(readFileSync(join(local, name), 'utf8'))))
  return { ...made, ecs, receipts, run: (...args: string[]) => runCli(args, made.options()) }
}
const holding = ['deploy', '--tag', 'v1', '--auto-approve', '--hold']

t.test('deploy --hold ends where ECS waits; continue proves it and leaves a receipt of its own', async (t) => {
  const { run, ecs, receipts, terraform } = await scene(t)
  const held = await run(...holding)
  t.equal(held.exitCode, 0, held.stderr)
  t.match(held.stdout, /v1 is held: .*\n {2}go on {4}fargate-ctl continue\n {2}go back {2}fargate-ctl rollback\n {2}else {5}at \d{4}-.* UTC ECS rolls it back/)
  t.match(ecs.configured, [{ ...breaker, lifecycleHooks: [{ targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'] }] }, { ...breaker, lifecycleHooks: [] }])
  const [receipt] = receipts()
  t.match(receipt, { command: 'deploy', outcome: { kind: 'held', exitCode: 0, timeoutAction: 'ROLLBACK' }, deployment: { status: 'IN_PROGRESS' } })

  const over = await run('deploy', '--tag', 'v1', '--auto-approve')
  t.equal(over.exitCode, 2, over.stderr)
  t.match(over.stderr, /A deployment is held, and waits for somebody's decision; at .* UTC ECS rolls it back\. Nothing was changed\.\n {2}fix: Decide it first: `fargate-ctl continue`, or `fargate-ctl rollback`/)
  t.equal(terraform().filter(({ verb }) => verb === 'apply').length, 1)
  t.match(JSON.parse((await run('status', '--json')).stdout), { deployment: { status: 'IN_PROGRESS', held: /ECS rolls it back/ }, sentence: /; a deployment is held\.$/ })
  t.match((await run('report')).exitCode, 0)

  const proved = await run('continue', '--json')
  t.equal(proved.exitCode, 0, proved.stderr)
  t.match(JSON.parse(proved.stdout), { held: null, proof: { digest }, image: { tag: 'v1' } })
  t.match(receipts().find(({ command }) => command === 'continue'), { continues: receipt?.id, outcome: { kind: 'proved' }, before: { digest: otherDigest } })
  const again = await run('continue')
  t.equal(again.exitCode, 2, again.stderr)
  t.match(again.stderr, 'No deployment is held. The last deployment is SUCCESSFUL.')
})

t.test('what is held and nobody decides is told when its time is over', async (t) => {
  const { run, ecs } = await scene(t)
  await run(...holding)
  ecs.phase = 'expired'
  const { exitCode, stderr } = await run('continue')
  t.equal(exitCode, 2, stderr)
  t.match(stderr, /Nobody decided in time \(.*\), so ECS rolled the deployment back\. The last deployment is ROLLBACK_SUCCESSFUL: The lifecycle hook timed out\./)
})

t.test('rollback stops what is held, and deploys what served before through Terraform', async (t) => {
  const { run, ecs, aws, receipts, options } = await scene(t)
  await run(...holding)
  const [held] = receipts()
  const proof = { deployment: null, taskDefinition: taskDefinition(1), digest: otherDigest, tasks: 2, app: { shows: 'digest', answer: 'v0' } }
  const proved = { ...held, id: 'aaaaaaaa', startedAt: '2026-01-01T00:00:00Z', release: { ...held?.release, tag: 'v0', digest: otherDigest }, outcome: { kind: 'proved', proof, version: null } }
  aws.account.objects['state-bucket/webapp/dev/receipts/webapp-dev/2026-01-01T00-00-00Z-aaaaaaaa.json'] = JSON.stringify(proved)
  const back = await runCli(['rollback', 'aaaaaaaa', '--auto-approve'], options({ FAKE_OUTPUTS: JSON.stringify({ task_definition_arn: taskDefinition(1) }) }))
  t.equal(back.exitCode, 0, back.stderr)
  t.equal(ecs.phase, 'stopped')
  t.match(back.stderr, /Stop what is held.*\n {2}The held deployment is stopped: what served before serves again\..*terraform apply/s)
  t.match(receipts().find(({ command }) => command === 'rollback'), { release: { tag: 'v0' }, outcome: { kind: 'proved' } })
})

t.test('a service that cannot be held is left as it is', async (t) => {
  const refused = await scene(t, { UpdateService: refusal('InvalidParameterException') })
  const { exitCode, stderr } = await refused.run(...holding)
  t.equal(exitCode, 2, stderr)
  t.match(stderr, 'This ECS does not hold deployments: it refused the lifecycle hook. Nothing was changed.')
  t.notOk(refused.terraform().some(({ verb }) => verb === 'apply'))

  const first = await scene(t)
  const none = await runCli(holding, first.options({ FAKE_STATE: undefined }))
  t.equal(none.exitCode, 2, none.stderr)
  t.match(none.stderr, 'there is no service yet whose deployment could be held')
  t.same(first.ecs.configured, [])
})

t.test('the hook does not stay when the apply fails', async (t) => {
  const { options, ecs } = await scene(t)
  const error = JSON.stringify({ severity: 'error', summary: 'It broke', detail: '' })
  const { exitCode } = await runCli(holding, options({ FAKE_APPLY_ERROR: error }))
  t.equal(exitCode, 5)
  t.match(ecs.configured.at(-1), { lifecycleHooks: [] })
})
