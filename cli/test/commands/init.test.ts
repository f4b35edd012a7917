import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCli, startCliOnTerminal } from '../support/cli.ts'
import { writeProject } from '../support/project.ts'
import { until } from '../support/until.ts'

const workflow = 'jobs:\n  deploy:\n    environment: production\n    steps: []\n'
const unwritten = { 'infrastructure/s3.tfbackend': undefined, 'infrastructure/input.auto.tfvars': undefined, '.github/workflows/code-deploy.yml': workflow }
const quiet = { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined }

t.test('by flags: files that validate, names in the workflow; nothing is written over without --force', async (t) => {
  const project = writeProject(t.testdir({}), unwritten)
  const read = (file: string) => readFileSync(join(project, file), 'utf8')
  const init = (...args: string[]) => runCli(['init', ...args], { cwd: project, env: quiet })
  t.match(await init(), { exitCode: 2, stderr: /There is no terminal to ask what is not given\.\n.*Add --region and --state-bucket\./s })

  const args = ['--region', 'eu-central-1', '--state-bucket', 'acme-state', '--name', 'shop', '--github-environment', 'live', '--json']
  const { exitCode, stdout, stderr } = await init(...args)
  t.equal(exitCode, 0, stderr)
  t.same(JSON.parse(stdout), { written: ['infrastructure/s3.tfbackend', 'infrastructure/input.auto.tfvars', '.github/workflows/code-deploy.yml'] })
  t.match(stderr, /The configuration is valid/)
  t.equal(read('infrastructure/s3.tfbackend'), 'bucket       = "acme-state"\nkey          = "shop/dev/terraform.tfstate"\nregion       = "eu-central-1"\nencrypt      = true\nuse_lockfile = true\n')
  t.equal(read('infrastructure/input.auto.tfvars'), 'region          = "eu-central-1"\nenv             = "dev"\nname            = "shop"\nrepository_name = "shop"\n')
  t.match(read('.github/workflows/code-deploy.yml'), /^ {4}environment: live$/m)

  t.match(await init(...args), { exitCode: 2, stderr: /infrastructure\/s3\.tfbackend and infrastructure\/input\.auto\.tfvars are there already; nothing was written/ })
  t.match(await init(...args, '--force'), { exitCode: 0 })
  t.match(await init(...args, '--state-bucket', 'Acme_State', '--force'), { exitCode: 2, stderr: /s3\.tfbackend:1:\d+ error A bucket's name cannot hold/ })
})

t.test('an environment of its own, in a folder that it makes', async (t) => {
  const project = writeProject(t.testdir({}), { 'infrastructure/accounts.tf': 'variable "allowed_account_ids" {\n  type = list(string)\n}\n' })
  const { exitCode, stderr } = await runCli(['init', '--env', 'uat', '--region', 'eu-central-1', '--state-bucket', 'acme-uat', '--account', '222222222222'], { cwd: project, env: quiet })
  t.equal(exitCode, 0, stderr)
  t.equal(readFileSync(join(project, 'infrastructure/environments/uat/input.tfvars'), 'utf8'), 'region              = "eu-central-1"\nenv                 = "uat"\nallowed_account_ids = ["222222222222"]\n')
  t.match(await runCli(['init', '--env', '../uat', '--region', 'x', '--state-bucket', 'y'], { cwd: project, env: quiet }), { exitCode: 2, stderr: /at most 8 small letters/ })
})

t.test('on a terminal it asks, and an empty answer takes what it offers', async (t) => {
  const project = writeProject(t.testdir({}), unwritten)
  const cli = startCliOnTerminal(['init'], { cwd: project, env: { ...quiet, AWS_REGION: 'eu-central-1' } })
  for (const [question, answer] of [['Name of the app', 'shop'], ['AWS region', ''], ['unique in the whole of AWS', ''], ['ECR repository', 'team/shop']] as const) {
    await until(question, () => cli.stdout().includes(question))
    cli.type(`${answer}\r`)
  }
  t.equal((await cli.ended).exitCode, 0, cli.stdout())
  t.match(readFileSync(join(project, 'infrastructure/s3.tfbackend'), 'utf8'), /"shop-terraform-state"[^]*"eu-central-1"/)
  t.match(readFileSync(join(project, 'infrastructure/input.auto.tfvars'), 'utf8'), /repository_name = "team\/shop"/)
})
