import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { root, runCli } from '../support/cli.ts'
import { deployScene, digest, webapp, type DeployScene } from '../support/deploy-scene.ts'
import { startFakeBucket } from '../support/fake-bucket.ts'
import { containers, deployedService, otherDigest } from '../support/fake-service.ts'
import { realTerraform } from '../support/fake-terraform.ts'
import { recordedPlan } from '../support/plans/read.ts'
import { commitAll } from '../support/project.ts'

const planned = { FAKE_SHOW: recordedPlan('new-image'), FAKE_PLAN: JSON.stringify({ 'aws_ecs_task_definition.this': 'replace', 'aws_ecs_service.this': 'update' }) }

t.test('plan: the same checks and variables as deploy, exit code 10, and nothing applied', async (t) => {
  const { options, terraform } = await deployScene(t)
  const pretty = await runCli(['plan', '--tag', 'v1'], options(planned))
  t.equal(pretty.exitCode, 10, pretty.stderr)
  t.match(pretty.stdout, /^\+0 ~1 -\/\+1 -0, risk: low/)
  t.match(pretty.stdout, /^Cost about [\d.]+ USD a month \(/m)
  const work = terraform().map(({ verb }) => verb).filter((verb) => ['init', 'plan', 'show', 'apply'].includes(verb ?? ''))
  t.same(work, ['init', 'plan', 'show'])
  t.ok(terraform().every((call) => call.tag === 'v1' && call.digest === digest))
  const json = JSON.parse((await runCli(['plan', '--tag', 'v1', '--json'], options(planned))).stdout)
  t.match(json, { risk: 'low', isEmpty: false, release: { tag: 'v1', digest }, counts: { update: 1, replace: 1 }, sealed: null })
  const summary = join(options().cwd, 'summary.md')
  const markdown = await runCli(['plan', '--tag', 'v1', '--format', 'markdown'], options({ ...planned, GITHUB_STEP_SUMMARY: summary }))
  t.match(markdown.stdout, /^### Plan for `v1`: \+0 ~1/)
  t.match(markdown.stdout, /^Cost: about [\d.]+ USD a month/m)
  t.equal(readFileSync(summary, 'utf8').trim(), markdown.stdout.trim(), 'the run shows the same')
  const missing = await runCli(['plan', '--tag', 'v9'], options(planned))
  t.match(missing, { exitCode: 4, stderr: /There is no image webapp:v9 in ECR/ })
})

t.test('drift: what was changed outside Terraform, with any tag, and exit code 10', async (t) => {
  const { options, terraform } = await deployScene(t)
  const drifted = await runCli(['drift'], options(planned))
  t.equal(drifted.exitCode, 10, drifted.stderr)
  t.match(drifted.stdout, /^2 resources were changed outside Terraform:/)
  t.ok(terraform().find(({ verb }) => verb === 'plan')?.args?.includes('-refresh-only'))
  const none = { ...planned, FAKE_SHOW: recordedPlan('built-in') }
  t.match(await runCli(['drift'], options(none)), { exitCode: 0, stdout: /^No drift/ })
  t.same(JSON.parse((await runCli(['drift', '--json'], options(none))).stdout), { drift: [] })
})

t.test("terraform's own log: named on failure, for its owner alone, the newest ten, without secrets", async (t) => {
  const { deploy, options } = await deployScene(t)
  const error = { severity: 'error', summary: 'creating ECS Service', detail: 'denied for the-secret-access-key' }
  const env = { FAKE_APPLY_ERROR: JSON.stringify(error), AWS_SECRET_ACCESS_KEY: 'the-secret-access-key' }
  const logs = join(options().cwd, '.fargate-ctl', 'logs')
  const failed = await deploy(['--tag', 'v1', '--auto-approve'], env)
  const [, path = ''] = /terraform's own log: (\S+)/.exec(failed.stderr) ?? []
  t.equal(statSync(path).mode & 0o777, 0o600)
  const log = readFileSync(path, 'utf8')
  t.match(log, '"type":"planned_change"')
  t.match(log, 'denied for ***')
  for (let day = 10; day < 30; day++) writeFileSync(join(logs, `2020-01-${day}.jsonl`), '')
  await deploy(['--tag', 'v1', '--plan-only'])
  t.equal(readdirSync(logs).length, 10)
  t.ok(readdirSync(logs).some((name) => path.endsWith(name)), 'the newest stay')
})

t.test('--verbose tells how many resources are done of all', async (t) => {
  const { deploy } = await deployScene(t)
  t.match((await deploy(['--tag', 'v1', '--auto-approve', '--verbose'])).stderr, /1 of 2 done[^]*2 of 2 done/)
})

const configuration = `
variable "image_digest" {
  type    = string
  default = null
}

variable "alb_url" {
  type = string
}

variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "web" {
  input = { digest = var.image_digest, password = var.password }
}

output "alb_url" {
  value = var.alb_url
}

output "service_arn" {
  value = "arn:aws:ecs:eu-central-1:123456789012:service/webapp-dev/webapp"
}

output "task_definition_arn" {
  value = "arn:aws:ecs:eu-central-1:123456789012:task-definition/webapp:2"
}

output "container_name" {
  value = "app"
}
`
const backend = `bucket         = "state-bucket"
key            = "webapp/dev.tfstate"
region         = "eu-central-1"
encrypt        = true
use_lockfile   = true
use_path_style = true
skip_credentials_validation = true
skip_requesting_account_id  = true
`
const password = 'a-password-nobody-may-see'

/** A real terraform with a state in S3, whose only resource is its own. */
async function realScene(t: Test, more: DeployScene = {}) {
  const files = { 'infrastructure/outputs.tf': undefined, 'infrastructure/main.tf': configuration, 'infrastructure/s3.tfbackend': backend, '.gitignore': '.fargate-ctl\n.terraform\nbin\ntmp\n*.plan\n' }
  const scene = await deployScene(t, { ...more, files, programs: { ...more.programs, terraform: realTerraform } })
  const bucket = await startFakeBucket()
  t.teardown(() => bucket.close())
  commitAll(scene.options().cwd)
  const env = { AWS_ENDPOINT_URL_S3: bucket.url, TF_VAR_alb_url: scene.url, TF_VAR_password: password, TF_CLI_CONFIG_FILE: '/dev/null' }
  return { ...scene, bucket, environment: env, run: (args: string[], more: Record<string, string> = {}) => runCli(args, scene.options({ ...env, ...more })) }
}

/** What a buildspec of the pipeline in AWS runs in its build phase. */
function readBuildspec(name: string): string {
  const text = readFileSync(join(root, 'infrastructure', 'bootstrap', 'buildspecs', `${name}.yml`), 'utf8')
  const [, build = ''] = /^ {2}build:\n {4}commands:\n((?: {6}.*\n)+)/m.exec(text) ?? []
  return build.split('\n').flatMap((line) => /^ {6}- (.+)/.exec(line)?.[1] ?? []).join(' && ')
}

t.test('the buildspecs of the pipeline: what Plan has sealed, Deploy applies', async (t) => {
  const npx = `return require('node:child_process').spawnSync(process.execPath, [${JSON.stringify(join(root, 'cli', 'bin'))} + '/fargate-ctl.js', ...args.slice(1)], { stdio: 'inherit' }).status`
  // What the docker of the tests pushes.
  const built = `sha256:${'b'.repeat(64)}`
  const answers = deployedService(() => ({ running: [{ containers: containers(built) }], deployments: [{ name: 2, status: 'SUCCESSFUL', images: [{ containerName: 'app', imageDigest: built }] }] }))
  const { environment, options, bucket } = await realScene(t, { programs: { npx }, account: { ...webapp, answers }, served: { version: '1.2.3', imageDigest: built } })
  const { cwd, path, env } = options(environment)
  const run = (name: string) => {
    const PATH = [...path, process.env.PATH].join(delimiter)
    const source = { CODEBUILD_SRC_DIR_plan: cwd, NODE_OPTIONS: undefined, CI: 'true' }
    return promisify(execFile)('sh', ['-ec', `exec </dev/null; ${readBuildspec(name)}`], { cwd, env: { ...process.env, ...env, ...source, PATH } })
  }
  await run('plan')
  t.equal(bucket.objects['webapp/dev.tfstate'], undefined, 'nothing was applied')
  const { stderr } = await run('deploy')
  t.match(stderr, /terraform apply/)
  t.match(bucket.objects['webapp/dev.tfstate'], 'terraform_data')
})

t.test('a sealed plan: exactly it is applied, once, by a real terraform', async (t) => {
  const { run, options, bucket, tmp } = await realScene(t)
  const sealed = await run(['plan', '--tag', 'v1', '--out', 'release.plan', '--format', 'markdown'])
  t.equal(sealed.exitCode, 10, sealed.stderr)
  const file = join(options().cwd, 'release.plan')
  t.equal(statSync(file).mode & 0o777, 0o600, 'a plan holds secrets')
  t.match(sealed.stdout, 'fargate-ctl deploy --plan release.plan')
  t.match(sealed.stdout, /### Plan for `v1`: \+1 ~0 -\/\+0 -0, risk: low/)
  t.notMatch(sealed.stdout + sealed.stderr, password)
  t.equal(bucket.objects['webapp/dev.tfstate'], undefined, 'nothing was applied')

  const applied = await run(['deploy', '--plan', 'release.plan', '--json'], { TF_VAR_password: 'another-one' })
  t.equal(applied.exitCode, 0, applied.stderr)
  t.match(JSON.parse(applied.stdout), { image: { tag: 'v1', digest }, changes: { create: 1 } })
  t.match(bucket.objects['webapp/dev.tfstate'], password, 'the variables are those of the plan')
  t.same(readdirSync(tmp), [], 'no plan is left behind')

  const again = await run(['deploy', '--plan', 'release.plan'])
  t.equal(again.exitCode, 2)
  t.match(again.stderr, /no longer fits: one thing has changed since .*state: lineage none yet when it was planned/s)
  const second = await run(['plan', '--tag', 'v1', '--out', 'second.plan'])
  t.match(second, { exitCode: 0, stdout: /^No changes/ })
  const state = JSON.parse(bucket.objects['webapp/dev.tfstate'] ?? '') as { serial: number }
  bucket.objects['webapp/dev.tfstate'] = JSON.stringify({ ...state, serial: 7 })
  t.match((await run(['deploy', '--plan', 'second.plan'])).stderr, /state: serial 1 when it was planned, 7 now: somebody has applied since/)
})

t.test('a sealed plan that no longer fits is refused with all that has changed', async (t) => {
  const account = { ...webapp, repositories: structuredClone(webapp.repositories) }
  const { run, aws, options, infrastructure, bucket } = await realScene(t, { account })
  await run(['plan', '--tag', 'v1', '--out', 'release.plan'])
  aws.account.repositories.webapp!.images = { v1: { digest: otherDigest } }
  writeFileSync(join(infrastructure, 's3.tfbackend'), backend.replace('dev.tfstate', 'prod.tfstate'))
  writeFileSync(join(infrastructure, 'more.tf'), '')
  commitAll(options().cwd)
  const refused = await run(['deploy', '--plan', 'release.plan'])
  t.equal(refused.exitCode, 2, refused.stderr)
  const [what = '', cause = ''] = refused.stderr.slice(refused.stderr.indexOf('error:')).split('cause:')
  t.match(what, /The sealed plan release\.plan no longer fits: 5 things have changed since .*; nothing was applied\./)
  for (const part of ['commit: ', 'state key: webapp/dev.tfstate when it was planned, webapp/prod.tfstate now', 'file: infrastructure/more.tf is new', 'file: infrastructure/s3.tfbackend has changed', `@${digest} is no longer in ECR`]) t.match(cause, part)
  t.match(cause, 'fargate-ctl plan --out FILE')
  t.same(Object.keys(bucket.objects), [])
})

t.test('what is no sealed plan, or a damaged one, or one with a tag beside it, is refused', async (t) => {
  const { options } = await deployScene(t, { files: { 'text.plan': 'no plan', 'empty.plan': '' } })
  for (const [args, says] of [
    [['--plan', 'text.plan'], /text\.plan is no sealed plan of this fargate-ctl/],
    [['--plan', 'empty.plan'], /empty\.plan is no sealed plan of this fargate-ctl: its seal cannot be read/],
    [['--plan', 'none.plan'], /none\.plan cannot be read\..*fix: Name a file/s],
    [['--plan', 'text.plan', '--tag', 'v1'], /option '--plan <file>' cannot be used with option '--tag <tag>'/],
  ] as const) {
    const result = await runCli(['deploy', ...args], options())
    t.equal(result.exitCode, 2, result.stderr)
    t.match(result.stderr, says)
    t.notMatch(result.stderr, /\n {4}at /, 'no stack')
  }
})
