// Infrastructure that lies in another folder than the app, and Terraform of other people.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildScene } from '../support/build-scene.ts'
import { root, runCli } from '../support/cli.ts'
import { deployScene } from '../support/deploy-scene.ts'
import { writeProject } from '../support/project.ts'

const plain = join(root, 'cli', 'test', 'roots', 'plain')

t.test('an app alone is built where the flags say whose it is; another account is refused', async (t) => {
  const { build, aws, project } = await buildScene(t)
  renameSync(join(project, 'infrastructure'), join(project, 'elsewhere'))
  const address = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/webapp'
  const built = await build(['--repository', address, '--json'])
  t.equal(built.exitCode, 0, built.stderr)
  t.match(JSON.parse(built.stdout), { account: '123456789012', region: 'eu-central-1', pushed: true })
  const before = aws.calls.length
  const refused = await build(['--repository', address.replace('123456789012', '999999999999')])
  t.match(refused, { exitCode: 2, stderr: /of the account 123456789012, and only 999999999999 is meant/ })
  t.same(aws.calls.slice(before), ['sts GetCallerIdentity'])
})

t.test('build and deploy with infrastructure from elsewhere: by flag, by variable, and from its own side by tag', async (t) => {
  const { options, infrastructure, aws } = await deployScene(t, { deployed: true })
  const project = join(infrastructure, '..')
  const elsewhere = join(project, 'other', 'terraform')
  const logOf = () => readFileSync(join(elsewhere, 'terraform.log'), 'utf8')
  mkdirSync(join(project, 'other'))
  renameSync(infrastructure, elsewhere)
  const deploy = ['deploy', '--tag', 'v1', '--auto-approve']
  const byFlag = await runCli([...deploy, '--infrastructure', 'other/terraform'], options())
  t.equal(byFlag.exitCode, 0, byFlag.stderr)
  t.match(logOf(), '"verb":"apply"')
  const there = { ...options(), cwd: elsewhere }
  const byVariable = await runCli(deploy, { ...there, env: { ...there.env, FARGATE_CTL_INFRASTRUCTURE: '.' } })
  t.equal(byVariable.exitCode, 0, byVariable.stderr)
  aws.account.buckets = []
  const lost = await runCli([...deploy, '--infrastructure', 'other/terraform'], options())
  t.match(lost, { exitCode: 4, stderr: /or name another in other\/terraform\/s3\.tfbackend/ })
  t.match(await runCli(['status', '--infrastructure', 'nowhere'], options()), { exitCode: 2, stderr: /--infrastructure nowhere: there is no such folder/ })
  t.notOk(existsSync(infrastructure))
})

t.test('what is needed of a folder and not there is said: an image variable, outputs; only deploying needs outputs', async (t) => {
  const project = writeProject(t.testdir({}))
  const folder = join(project, 'infrastructure')
  rmSync(folder, { recursive: true })
  cpSync(plain, folder, { recursive: true })
  t.match(await runCli(['validate'], { cwd: project }), { exitCode: 0, stdout: /no problems/ })
  writeFileSync(join(folder, 'outputs.tf'), 'output "service_name" {\n  value = "web"\n}\n')
  const outputs = await runCli(['validate'], { cwd: project })
  t.match(outputs, { exitCode: 0, stdout: /outputs\.tf:1:1 warning There is no output alb_url: the address at which the app answers/ })
  t.match(outputs.stdout, /warning There is no output service_arn, or cluster_name and service_name: the ECS service that is watched/)
  t.match(await runCli(['deploy', '--tag', 'v1', '--auto-approve'], { cwd: project }), { exitCode: 2, stderr: /outputs\.tf:1:1 error There is no output alb_url/ })
  const variables = readFileSync(join(folder, 'variables.tf'), 'utf8')
  writeFileSync(join(folder, 'variables.tf'), variables.replace('image_digest', 'picture').replace('"repository_name"', '"repository"'))
  const { exitCode, stdout } = await runCli(['validate'], { cwd: project })
  t.equal(exitCode, 2)
  t.match(stdout, /variables\.tf:1:1 error There is neither a variable "image_digest" nor "image_tag"/)
  t.match(stdout, /variables\.tf:1:1 error There is no variable "repository_name", which fargate-ctl reads/)
})
