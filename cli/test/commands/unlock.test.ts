import { spawn } from 'node:child_process'
import { chmodSync, copyFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../support/cli.ts'
import { deployScene, webapp } from '../support/deploy-scene.ts'

type Test = Parameters<typeof deployScene>[0]
const id = '11111111-2222-3333-4444-555555555555'
const lockKey = 'state-bucket/webapp/dev/terraform.tfstate.tflock'
const lockOf = (Who: string) => JSON.stringify({ ID: id, Operation: 'OperationTypeApply', Who, Version: '1.11.4', Created: new Date(Date.now() - 3 * 86_400_000) })

async function unlock(t: Test, lock: string | undefined, args: string[] = [], programs: Record<string, string> = {}, env: Record<string, string> = {}) {
  const { options, terraform } = await deployScene(t, { programs, account: { ...webapp, objects: lock === undefined ? {} : { [lockKey]: lock } } })
  const result = await runCli(['unlock', ...args], options(env))
  return { ...result, verbs: terraform().map(({ verb, args }) => (verb === 'force-unlock' ? args?.join(' ') : verb)) }
}

t.test('no lock', async (t) => {
  t.match(await unlock(t, undefined), { exitCode: 0, stdout: 'The state is not locked.', verbs: [] })
  t.match(await unlock(t, undefined, [id]), { exitCode: 2, stderr: /The state is not locked; there is no lock 11111111/ })
})

t.test('without a lock file nobody can tell', async (t) => {
  const { options } = await deployScene(t, { files: { 'infrastructure/s3.tfbackend': 'bucket = "state-bucket"\nkey = "k"\nregion = "eu-central-1"\n' } })
  t.match(await runCli(['unlock'], options()), { exitCode: 2, stderr: /use_lockfile = true/ })
})

t.test('whose it is and how old, and nothing is touched without its id', async (t) => {
  const result = await unlock(t, lockOf('ann@laptop-of-ann'))
  t.match(result, { exitCode: 6, verbs: [], stderr: new RegExp(`Only if it is certain that its holder no longer runs: fargate-ctl unlock ${id}`) })
  t.match(result.stdout, new RegExp(`The state is locked: lock ${id}, held by ann@laptop-of-ann, for apply, taken 3 days ago\\.\nIt is held on laptop-of-ann, which cannot be looked into from here`))
  t.match(await unlock(t, lockOf('ann@laptop-of-ann'), ['another']), { exitCode: 2, verbs: [], stderr: /another is not the lock that is held: that is 11111111/ })
  const json = await unlock(t, lockOf('ann@laptop-of-ann'), ['--json'])
  t.equal(json.exitCode, 6)
  t.match(JSON.parse(json.stdout), { locked: true, unlocked: false, lock: { ID: id, Who: 'ann@laptop-of-ann' }, holder: { alive: 'unknown' } })
})

t.test('with its id it is taken away', async (t) => {
  const result = await unlock(t, lockOf('ann@laptop-of-ann'), [id])
  t.match(result, { exitCode: 0, stdout: /It is unlocked\./, verbs: ['init', `force-unlock -force -no-color ${id}`] })
  t.match(await unlock(t, lockOf('ann@laptop-of-ann'), [id], {}, { FAKE_UNLOCK_ERROR: 'no permission' }), { exitCode: 4, stderr: /terraform force-unlock failed; the state is still locked\..*no permission.*s3:DeleteObject/s })
})

t.test('a workflow run that may hold it is named', async (t) => {
  const runs = [{ workflowName: 'Deploy', url: 'https://github.com/o/r/actions/runs/1' }]
  t.match((await unlock(t, lockOf('runner@fv-az1'), [], { gh: `say(${JSON.stringify(JSON.stringify(runs))})` })).stdout, /held by a GitHub runner \(fv-az1\); these workflows are running:\nDeploy https:\/\/github\.com\/o\/r\/actions\/runs\/1/)
  t.match((await unlock(t, lockOf('runner@fv-az1'), [], { gh: 'say("[]")' })).stdout, 'no workflow of this repository is running')
  t.match((await unlock(t, lockOf('runner@fv-az1'), [], { gh: 'return 1' })).stdout, 'see whether a workflow is running')
})

t.test('a terraform of this machine that works on this project keeps its lock', { skip: process.platform !== 'linux' && 'only Linux tells where a process works' }, async (t) => {
  const { options, deploy, terraform } = await deployScene(t, { account: { ...webapp, objects: { [lockKey]: lockOf(`me@${hostname()}`) } } })
  await deploy(['--tag', 'v1', '--plan-only'])
  // A process is called terraform by the name of its program.
  const { infrastructure, holder } = await startHolder(t, options().cwd)
  const result = await runCli(['unlock', id], options())
  t.match(result, { exitCode: 6, stderr: /It stays locked: its holder still runs\./, stdout: new RegExp(`where terraform runs in ${infrastructure} \\(process ${holder}\\)`) })
  t.notOk(terraform().some(({ verb }) => verb === 'force-unlock'))
})

async function startHolder(t: Test, project: string) {
  const infrastructure = join(project, 'infrastructure')
  const program = join(project, 'terraform')
  copyFileSync('/bin/sleep', program)
  chmodSync(program, 0o755)
  const child = spawn(program, ['600'], { cwd: infrastructure, stdio: 'ignore' })
  t.teardown(() => child.kill())
  await new Promise((resolve) => child.once('spawn', resolve))
  return { infrastructure, holder: child.pid }
}

t.test('a lock file without a lock', async (t) => {
  for (const text of ['', '{}', 'garbage']) {
    t.match(await unlock(t, text, [id]), { exitCode: 6, verbs: [], stderr: /holds nothing that Terraform wrote.*fix: If nobody deploys: aws s3 rm s3:\/\/state-bucket\/webapp\/dev\/terraform\.tfstate\.tflock/s })
  }
})
t.jobs = 4
