// infrastructure/environments/: what --env names, and what each command makes of it.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../support/cli.ts'
import { deployScene, digest } from '../support/deploy-scene.ts'
import { goodBackend } from '../support/findings.ts'
import { writeProject } from '../support/project.ts'

const environment = (name: string, inputs = '') => ({
  [`infrastructure/environments/${name}/s3.tfbackend`]: goodBackend.replace('dev', name),
  [`infrastructure/environments/${name}/input.tfvars`]: `env = "${name}"\n${inputs}`,
})
const files = {
  'infrastructure/accounts.tf': 'variable "allowed_account_ids" {\n  type    = list(string)\n  default = []\n}\n\nvariable "assume_role_arn" {\n  type    = string\n  default = null\n}\n',
  ...environment('uat'),
  ...environment('prod', 'allowed_account_ids = ["999999999999"]\n'),
  ...environment('live', 'assume_role_arn     = "arn:aws:iam::123456789012:role/deploy"\nallowed_account_ids = ["123456789012"]\n'),
}

t.test('validate checks every environment, at its lines; what all have in common is told once', async (t) => {
  const project = writeProject(t.testdir({}), {
    ...files,
    'infrastructure/input.auto.tfvars': 'region = "eu-central-1"\nenv    = "dev"\nnme    = "web"\n',
    'infrastructure/environments/prod/s3.tfbackend': goodBackend.replace('region ', 'regoin '),
    'infrastructure/environments/uat/input.tfvars': 'name = ["a"]\n',
  })
  const { exitCode, stdout } = await runCli(['validate'], { cwd: project })
  t.equal(exitCode, 2)
  t.equal(stdout.match(/input\.auto\.tfvars:3:1 error There is no variable "nme"/g)?.length, 1)
  t.match(stdout, 'infrastructure/environments/prod/s3.tfbackend:3:1 error There is no argument "regoin" here.')
  t.match(stdout, 'infrastructure/environments/uat/input.tfvars:1:8 error')
  t.match(stdout, /environments\/uat\/input\.tfvars:1:1 error This environment does not set env, which is therefore "dev".*fix: Add env = "uat"/s)
  const one = await runCli(['validate', '--env', 'prod', '--json'], { cwd: project })
  t.notMatch(one.stdout, 'environments/uat')
  t.match(one.stdout, 'environments/prod/s3.tfbackend')
})

t.test('without an environment that is named, infrastructure/ describes one, or the error lists those there are', async (t) => {
  const project = writeProject(t.testdir({}), { ...files, 'infrastructure/s3.tfbackend': undefined })
  t.match(await runCli(['validate'], { cwd: project }), { exitCode: 0, stdout: /valid: no problems/ })
  const { exitCode, stderr } = await runCli(['status'], { cwd: project })
  t.equal(exitCode, 2)
  t.match(stderr, /infrastructure\/s3\.tfbackend:1:1 error.*Name an environment with --env \(or FARGATE_CTL_ENV\): live, prod, uat\./s)
  const unknown = await runCli(['status', '--env', 'prd'], { cwd: project })
  t.match(unknown, { exitCode: 2, stderr: /There is no environment prd\. There are: live, prod, uat\.\n.*Did you mean --env prod\?/s })
  t.match(await runCli(['status'], { cwd: project, env: { FARGATE_CTL_ENV: '../prod' } }), { exitCode: 2, stderr: /There is no environment \.\.\/prod/ })
})

t.test('a deployment has its own state, values, data directory and receipts; without --env all stays where it is', async (t) => {
  const { deploy, terraform, aws, infrastructure } = await deployScene(t, { files, deployed: true })
  for (const args of [['--env', 'uat'], []]) {
    const { exitCode, stderr } = await deploy(['--tag', 'v1', '--auto-approve', ...args])
    t.equal(exitCode, 0, stderr)
  }
  const calls = terraform().filter(({ verb }) => ['init', 'plan', 'apply'].includes(verb ?? ''))
  t.same(calls.map(({ verb }) => verb), ['init', 'plan', 'apply', 'init', 'plan', 'apply'])
  const data = join(infrastructure, '.terraform', 'environments', 'uat')
  t.same(calls.map((call) => call.data), [data, data, data, undefined, undefined, undefined])
  t.ok(calls[0]?.args?.includes('-backend-config=environments/uat/s3.tfbackend'))
  t.ok(calls[1]?.args?.includes('-var-file=environments/uat/input.tfvars'))
  t.ok(calls[3]?.args?.includes('-backend-config=s3.tfbackend'))
  t.notOk(calls[4]?.args?.some((arg) => arg.startsWith('-var-file')))
  t.ok(existsSync(join(data, 'modules', 'modules.json')))
  const receipts = Object.keys(aws.account.objects).map((key) => key.replace(/\/[^/]+$/, ''))
  t.same(receipts.sort(), ['state-bucket/webapp/dev/receipts/webapp-dev', 'state-bucket/webapp/uat/receipts/webapp-uat'])
  t.same(readdirSync(join(infrastructure, '..', '.fargate-ctl')).filter((name) => name.startsWith('settings')).sort(), ['settings-uat.json', 'settings.json'])
})

t.test('another account than the one that is meant is refused before anything is read', async (t) => {
  const { aws, deploy, options, terraform } = await deployScene(t, { files, deployed: true })
  const { exitCode, stderr } = await deploy(['--tag', 'v1', '--auto-approve', '--env', 'prod'])
  t.equal(exitCode, 2)
  t.match(stderr, /These credentials are of the account 123456789012, and only 999999999999 is meant; nothing was read or changed\..*infrastructure\/environments\/prod\/input\.tfvars/s)
  for (const command of ['build', 'plan', 'status', 'logs', 'drift', 'unlock', 'rollback']) {
    const refused = await runCli([command, '--env', 'prod', ...(command === 'rollback' ? ['--auto-approve'] : [])], options())
    t.match(refused, { exitCode: 2, stderr: /only 999999999999 is meant/ }, command)
  }
  t.same([...new Set(aws.calls)], ['sts GetCallerIdentity'])
  t.same(terraform().filter(({ verb }) => verb !== 'version'), [])
})

t.test("an environment's role is taken on for all that is asked of AWS, once; the state is reached as its own file says", async (t) => {
  const { aws, deploy } = await deployScene(t, { files, deployed: true })
  const { exitCode, stderr, stdout } = await deploy(['--tag', 'v1', '--auto-approve', '--env', 'live'])
  t.equal(exitCode, 0, stderr)
  t.match(stdout, digest)
  t.equal(aws.calls.filter((call) => call === 'sts AssumeRole').length, 1)
  const { ecr, ecs, s3 } = aws.roles
  t.same({ ecr, ecs, s3 }, { ecr: ['arn:aws:iam::123456789012:role/deploy'], ecs: ['arn:aws:iam::123456789012:role/deploy'], s3: [''] })
})
