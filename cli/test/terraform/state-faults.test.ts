// What the bucket of the state does to a real terraform, and what is made of it.
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, relative } from 'node:path'
import t, { type Test } from 'tap'
import { CliError, exitCodes } from '../../src/platform/errors.ts'
import { refuseUnsavedState } from '../../src/terraform/explain-failure.ts'
import { applyTerraform, initTerraform, planTerraform, type Terraform } from '../../src/terraform/terraform.ts'
import { deployScene } from '../support/deploy-scene.ts'
import { startFakeBucket, type Fault } from '../support/fake-bucket.ts'
import { fakeTerraform } from '../support/fake-terraform.ts'

const key = 'webapp/dev.tfstate'
const lock = `${key}.tflock`
const backend = `bucket         = "state-bucket"
key            = "${key}"
region         = "eu-central-1"
use_lockfile   = true
use_path_style = true
max_retries    = 1
skip_credentials_validation = true
skip_requesting_account_id  = true
`
const configuration = `terraform {
  backend "s3" {}
}

resource "terraform_data" "made" {}

output "alb_url" {
  value = "http://web"
}
`

async function scene(t: Test) {
  const folder = t.testdir({ infrastructure: { 'main.tf': configuration, 's3.tfbackend': backend } })
  const bucket = await startFakeBucket()
  t.teardown(() => bucket.close())
  const aws = { AWS_ENDPOINT_URL_S3: bucket.url, AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example', AWS_MAX_ATTEMPTS: '1', TF_CLI_CONFIG_FILE: '/dev/null' }
  const terraform: Terraform = { folder: join(folder, 'infrastructure'), env: aws, backendFile: 's3.tfbackend', varFiles: [] }
  await initTerraform(terraform, () => {})
  const planFile = join(folder, 'plan')
  return { bucket, terraform, plan: () => planTerraform(terraform, planFile, () => {}), apply: () => applyTerraform(terraform, planFile, () => {}) }
}

const thrown = async (work: Promise<unknown>): Promise<CliError> => {
  const error = await work.then(() => undefined, (error: unknown) => error)
  if (error instanceof CliError) return error
  throw new Error(`no CliError, but ${String(error)}`)
}
const refuse = (method: string, object: string, status: number | 'hang'): Fault => (asked, of) => (asked === method && of === object ? status : undefined)
const textOf = ({ message, fix = '', cause }: CliError) => [message, String(cause), fix].join('\n')

t.test('a plan: what the bucket refuses is no mistake of the configuration, and exit 6 is for a lock that was read', async (t) => {
  const { bucket, plan, terraform } = await scene(t)
  const held = JSON.stringify({ ID: '1234-abcd', Operation: 'OperationTypeApply', Info: '', Who: 'ann@elsewhere', Version: '1.11.4', Created: '2026-01-01T10:00:00Z', Path: `state-bucket/${key}` })
  const here = held.replace('elsewhere', hostname())
  const cases: [string, Partial<typeof bucket>, number, RegExp][] = [
    ['the lock is held', { objects: { [lock]: held } }, exitCodes.stateLocked, /state is locked \(lock 1234-abcd\).*ann@elsewhere.*cannot be looked into from here.*fargate-ctl unlock 1234-abcd/s],
    ['the lock may not be written', { fault: refuse('PUT', lock, 403) }, exitCodes.unavailable, /could not be taken, and nobody holds it.*s3:PutObject, .* on s3:\/\/state-bucket\/webapp\/dev\.tfstate\.tflock/s],
    ['the lock cannot be written', { fault: refuse('PUT', lock, 503) }, exitCodes.unavailable, /could not be taken.*503.*Run the same command again/s],
    ['the lock is empty', { objects: { [lock]: '' } }, exitCodes.unavailable, /empty or damaged.*aws s3 rm s3:\/\/state-bucket\/webapp\/dev\.tfstate\.tflock/s],
    ['the lock is garbage', { objects: { [lock]: 'garbage' } }, exitCodes.unavailable, /empty or damaged.*invalid character 'g'.*aws s3 rm s3:\/\//s],
    ['the lock may not be deleted', { fault: refuse('DELETE', lock, 403) }, exitCodes.unavailable, /The plan was made and nothing was changed, but the lock .* is left.*fargate-ctl unlock [0-9a-f-]{36};.*s3:DeleteObject/s],
    ['the state may not be read', { objects: { [key]: '{}' }, fault: refuse('GET', key, 403) }, exitCodes.unavailable, /terraform plan failed.*AccessDenied.*Ask for the permission/s],
    ['the state is garbage', { objects: { [key]: 'garbage' } }, exitCodes.unavailable, /Unsupported state file format.*list-object-versions/s],
  ]
  for (const [name, fault, exitCode, says] of cases) {
    Object.assign(bucket, { objects: {}, fault: () => undefined }, fault)
    const error = await thrown(plan())
    t.equal(error.exitCode, exitCode, name)
    t.match(textOf(error), says, name)
    t.notMatch(textOf(error), '<lock id>')
  }

  const record = (pid: number) => writeFileSync(join(terraform.folder, `.terraform/fargate-ctl-run-${pid}.json`), JSON.stringify({ pid, host: hostname(), started: `2026-01-01T09:59:${pid === process.ppid ? 58 : 57}Z` }))
  Object.assign(bucket, { objects: { [lock]: here }, fault: () => undefined })
  t.match(textOf(await thrown(plan())), 'It is held on this machine, ')
  record(2 ** 22 + 1)
  t.match(textOf(await thrown(plan())), /by the process 4194305, which is dead: nobody holds it any more/)
  t.match(textOf(await thrown(plan())), 'which is dead', 'a run that finds the lock does not take its word away')
  record(process.ppid)
  t.match(textOf(await thrown(plan())), 'which still runs', 'the one that began last')
  bucket.objects = {}
  await plan()
  t.strictSame(readdirSync(join(terraform.folder, '.terraform')).filter((name) => name.startsWith('fargate-ctl-run-')), [`fargate-ctl-run-${process.ppid}.json`], 'where the lock is free, the dead are forgotten')
})

t.test('an apply that did everything: only its lock is left, or only its state is unsaved', async (t) => {
  const { bucket, plan, apply, terraform } = await scene(t)
  await plan()
  bucket.fault = refuse('DELETE', lock, 403)
  const left = await apply()
  t.match(left, { outputs: { alb_url: 'http://web' }, leftover: { isUnsaved: false } })
  t.match(textOf(left.leftover?.error as CliError), /has applied and saved its state, but the lock .* is left.*fargate-ctl unlock [0-9a-f-]{36}/s)

  Object.assign(bucket, { objects: {}, fault: () => undefined })
  await plan()
  bucket.fault = refuse('PUT', key, 403)
  const unsaved = await apply()
  t.match(unsaved, { outputs: { alb_url: 'http://web' }, leftover: { isUnsaved: true } })
  t.equal(unsaved.leftover?.error.exitCode, exitCodes.unavailable)
  const folder = relative(process.cwd(), terraform.folder)
  const command = `terraform -chdir=${folder} state push errored.tfstate && rm ${folder}/errored.tfstate`
  t.equal(unsaved.leftover?.error.fix, `Do not apply again before this: ${command}`)
  const refused = await thrown((async () => refuseUnsavedState(terraform))())
  t.match({ ...refused }, { exitCode: exitCodes.usage, fix: command })
  t.ok(existsSync(join(terraform.folder, 'errored.tfstate')))
  rmSync(join(terraform.folder, 'errored.tfstate'))
  t.doesNotThrow(() => refuseUnsavedState(terraform))
})

t.test('a bucket that does not answer is named while it is waited for', async (t) => {
  const { bucket, terraform } = await scene(t)
  bucket.fault = refuse('HEAD', key, 'hang')
  const said: string[] = []
  const patient = { ...terraform, silenceSeconds: 0.5, tell: (line: string) => void (said.push(line), void bucket.close()) }
  const error = await thrown(planTerraform(patient, join(terraform.folder, 'plan'), () => {}))
  t.equal(error.exitCode, exitCodes.unavailable)
  t.match(said[0], /terraform plan has said nothing for \d+ s.*the state's bucket/)
})

t.test('an apply that was killed: its last words in words, and what to do', async (t) => {
  const killed = `if (args[0] === 'apply') {
  for (const name of ['a', 'b', 'c', 'd']) say(JSON.stringify({ '@level': 'info', '@message': 'aws_vpc.' + name + '["x"]: Creating...', type: 'apply_start' }))
  process.kill(process.pid, 'SIGKILL')
  await sleep(5000)
}
`
  const { deploy } = await deployScene(t, { programs: { terraform: killed + fakeTerraform } })
  const { exitCode, stderr } = await deploy(['--tag', 'v1', '--auto-approve'])
  t.equal(exitCode, 5)
  t.match(stderr, /terraform apply was ended by SIGKILL, and its lock is likely to be left\.\n {2}cause: aws_vpc\.b\["x"\]: Creating\.\.\.\n/)
  t.notMatch(stderr, '@message')
})
