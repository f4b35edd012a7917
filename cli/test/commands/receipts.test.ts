import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { receiptSchema, type Receipt } from '../../src/rollout/receipt/receipt.ts'
import { runCli } from '../support/cli.ts'
import { deployScene, digest, webapp, type DeployScene } from '../support/deploy-scene.ts'
import { containers, deployedService, otherDigest, taskDefinition } from '../support/fake-service.ts'

const approved = ['--tag', 'v1', '--auto-approve']
const folder = 'state-bucket/webapp/dev/receipts/webapp-dev'
const variables = `variable "region" {
  type = string
}

variable "env" {
  type = string
}

variable "name" {
  default = "webapp"
}

variable "repository_name" {
  default = "webapp"
}

variable "image_tag" {
  type = string
}

variable "memory" {
  default = 512
}

variable "token" {
  default   = null
  sensitive = true
}
`
const before = {
  deployments: [{ name: 1, status: 'SUCCESSFUL', taskDefinition: taskDefinition(1), images: [{ containerName: 'app', imageDigest: otherDigest }] }],
  runs: taskDefinition(1),
}
const crashed = {
  ...before,
  deployments: [...before.deployments, { name: 2, status: 'ROLLBACK_SUCCESSFUL', statusReason: 'ECS deployment circuit breaker: tasks failed to start.' }],
  running: [{ taskDefinition: taskDefinition(1), containers: containers(otherDigest) }],
  stopped: [{ stoppedReason: 'Essential container in task exited', stopCode: 'EssentialContainerExited', containers: [{ name: 'app', exitCode: 3 }] }],
  events: ['deployment failed: tasks failed to start.'],
}
const logs = { GetLogEvents: { events: [{ message: 'Error: no database' }, { message: 'planted-in-the-environment' }] } }

async function scene(t: Parameters<typeof deployScene>[0], options: DeployScene = {}) {
  const made = await deployScene(t, { ...options, files: { 'infrastructure/variables.tf': variables, ...options.files } })
  const project = join(made.infrastructure, '..')
  const local = join(project, '.fargate-ctl', 'receipts', folder)
  const names = () => readdirSync(local).sort()
  const last = (): Receipt => receiptSchema.parse(JSON.parse(readFileSync(join(local, names().at(-1) ?? ''), 'utf8')))
  const run = (args: string[], env?: Record<string, string | undefined>) => runCli(args, made.options(env))
  return { ...made, project, local, names, last, run }
}

t.test('a deployment that is proved leaves a receipt beside the state and on this machine', async (t) => {
  const { deploy, aws, local, names, last } = await scene(t)
  const result = await deploy([...approved, '--json'], { TF_VAR_memory: '1024' })
  t.equal(result.exitCode, 0, result.stderr)
  const receipt = last()
  t.match(receipt, {
    id: JSON.parse(result.stdout).receipt,
    command: 'deploy',
    by: { identity: 'arn:aws:iam::123456789012:user/somebody', run: null },
    target: { account: '123456789012', region: 'eu-central-1', env: 'dev', state: 's3://state-bucket/webapp/dev/terraform.tfstate' },
    release: { tag: 'v1', digest },
    taskDefinition: taskDefinition(2),
    variables: { values: { memory: 1024, env: 'dev' }, sensitive: ['token'] },
    changes: { create: ['module.ecs.a'], update: ['module.ecs.b'] },
    deployment: { status: 'SUCCESSFUL' },
    outcome: { kind: 'proved', version: '1.2.3', proof: { digest, tasks: 2 } },
  })
  t.same(receipt.stages.map(({ name }) => name), ['Check account, repository, image and bucket', 'terraform init', 'terraform plan', 'terraform apply', 'Wait for the proof that it serves'])
  const [name = ''] = names()
  t.equal(statSync(join(local, name)).mode & 0o777, 0o600)
  t.equal(aws.account.objects[`${folder}/${name}`], readFileSync(join(local, name), 'utf8'), 'the same in the bucket')
})

t.test('a rolled-back deployment: its receipt has the evidence and proves nothing, and the next one is refused', async (t) => {
  const env = { TF_VAR_token: 'planted-in-the-environment' }
  const { deploy, terraform, last, names, run } = await scene(t, { account: { ...webapp, answers: { ...deployedService((look) => (look === 1 ? { ...crashed, ...before } : crashed)), ...logs } }, served: { version: '1.0.0', imageTag: 'v0', imageDigest: otherDigest } })
  const failed = await deploy(approved, { ...env, FAKE_STATE: '1' })
  t.equal(failed.exitCode, 5, failed.stderr)
  const receipt = last()
  t.match(receipt, {
    before: { taskDefinition: taskDefinition(1), digest: otherDigest },
    outcome: { kind: 'failed', exitCode: 5, message: /exit code 3/ },
    deployment: { status: 'ROLLBACK_SUCCESSFUL', reason: /circuit breaker/ },
    stops: [{ code: 'EssentialContainerExited', containers: [{ name: 'app', exitCode: 3 }], log: ['Error: no database', '***'] }],
  })
  t.ok(receipt.timeline.some(({ text }) => /tasks failed to start/.test(text)))
  t.notMatch(JSON.stringify(receipt), 'planted')

  const again = await deploy(approved, env)
  t.equal(again.exitCode, 2, again.stderr)
  t.match(again.stderr, /warning: Terraform's state is ahead of what runs: it says webapp:2, ECS runs webapp:1 \(cccccccccccc\); that deployment is ROLLBACK_SUCCESSFUL/)
  t.match(again.stderr, /v1 was taken back .*nothing was changed\..*--allow-known-bad/s)
  t.same(terraform().map(({ verb }) => verb), ['init', 'plan', 'apply', 'plan'])
  t.equal(names().length, 1, 'what changed nothing leaves no receipt')
  t.equal((await deploy([...approved, '--allow-known-bad'], env)).exitCode, 5)
  t.equal(terraform().at(-1)?.verb, 'apply')

  const page = await run(['report', receipt.id, '--json'])
  t.equal(JSON.parse(page.stdout).id, receipt.id)
  const history = JSON.parse((await run(['history', '--json'])).stdout)
  t.match(history, [{ number: 2, result: 'rolled back', canGoBack: false }, { number: 1, id: receipt.id, digest, tag: 'v1' }, { number: null, result: 'ECS: SUCCESSFUL', digest: otherDigest }])
})

t.test('a receipt that the bucket does not take is a warning with the file, and no failure', async (t) => {
  const { deploy, local } = await scene(t, { account: { ...webapp, refuse: { 's3 PUT': { status: 403, code: 'AccessDenied' } } } })
  const result = await deploy(approved)
  t.equal(result.exitCode, 0, result.stderr)
  t.match(result.stderr, `could not be written to the state bucket: AWS does not allow this identity to write s3://${folder}`)
  t.match(result.stderr, `It is in ${local}`)
})

t.test('an apply that fails leaves a receipt, too', async (t) => {
  const { deploy, last } = await scene(t)
  await deploy(approved, { FAKE_APPLY_ERROR: JSON.stringify({ severity: 'error', summary: 'AccessDenied', detail: 'not allowed' }) })
  t.match(last(), { outcome: { kind: 'failed', message: 'terraform apply failed.', cause: /AccessDenied/ }, taskDefinition: null, deployment: null, timeline: [] })
})
