import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { runCli, startCliOnTerminal } from '../support/cli.ts'
import { deployScene } from '../support/deploy-scene.ts'
import { until } from '../support/until.ts'

type Test = Parameters<typeof deployScene>[0]
const resource = (address: string, before: object = {}, actions = ['delete']) => {
  const [type, name] = address.split('.').slice(-2)
  return { address, type, name, change: { actions, before } }
}
const shown = (...more: object[]) =>
  JSON.stringify({
    format_version: '1.2',
    resource_changes: [
      resource('module.alb.aws_lb.this', { name: 'webapp-dev', enable_deletion_protection: false }),
      resource('aws_cloudwatch_log_group.app', { name: '/ecs/webapp-dev/app' }),
      resource('data.aws_ecr_repository.this', { name: 'webapp' }, ['read']),
      ...more,
    ],
  })

function write(t: Test, plan: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'destroy-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'plan.json')
  writeFileSync(file, plan)
  return file
}

async function destroy(t: Test, args: string[], plan = shown(), env: Record<string, string> = {}) {
  const { options, terraform, tmp } = await deployScene(t)
  const FAKE_SHOW = write(t, plan)
  const result = await runCli(['destroy', ...args], options({ FAKE_SHOW, ...env }))
  return { ...result, tmp, calls: terraform(), verbs: terraform().map(({ verb }) => verb) }
}

t.test('says what dies and what is kept, and destroys that very plan', async (t) => {
  const { exitCode, stdout, stderr, calls, tmp } = await destroy(t, ['--confirm', 'dev', '--json'])
  t.equal(exitCode, 0, stderr)
  t.match(JSON.parse(stdout), { environment: 'dev', destroyed: ['module.alb.aws_lb.this', 'aws_cloudwatch_log_group.app'], kept: [/the images in the ECR repository webapp/, /s3:\/\/state-bucket/, /task definition/] })
  t.match(stderr, /2 resources will be destroyed:\n {2}- aws_cloudwatch_log_group \/ecs\/webapp-dev\/app\n {2}- aws_lb webapp-dev\nAll that was logged is lost: \/ecs\/webapp-dev\/app\.\nKept: the images/)
  const [, plan, show, apply] = calls
  t.ok(plan?.args?.includes('-destroy'))
  t.equal(plan?.args?.at(-1), `-out=${apply?.args?.at(-1)}`)
  t.equal(show?.args?.at(-1), apply?.args?.at(-1))
  t.same(readdirSync(tmp), [])
})

t.test('nothing is destroyed for another name, without a terminal, or when something is protected', async (t) => {
  t.match(await destroy(t, ['--confirm', 'prod']), { exitCode: 2, verbs: [], stderr: /--confirm prod: this environment is dev\. Nothing was destroyed/ })
  t.match(await destroy(t, []), { exitCode: 2, verbs: [], stderr: /There is no terminal to ask.*--confirm dev/s })
  const confirmed = ['--confirm', 'dev']
  const planned = ['init', 'plan', 'show']
  t.match(await destroy(t, confirmed, shown(resource('aws_lb.safe', { enable_deletion_protection: true }))), { exitCode: 2, verbs: planned, stderr: /Protected against deletion: aws_lb\.safe.*deletion_protection = false/s })
  t.match(await destroy(t, confirmed, shown(resource('aws_ecr_repository.home', { name: 'webapp' }))), { exitCode: 2, verbs: planned, stderr: /The state or the images would go, too: aws_ecr_repository\.home.*state rm 'aws_ecr_repository\.home'/s })
  t.match(await destroy(t, confirmed, '{"format_version":"1.2"}'), { exitCode: 0, verbs: planned, stdout: 'Nothing is left to destroy.\n' })
  const error = JSON.stringify({ severity: 'error', summary: 'DependencyViolation', detail: '' })
  t.match(await destroy(t, confirmed, shown(), { FAKE_APPLY_ERROR: error }), { exitCode: 5, stderr: /DependencyViolation/ })
})

t.test('asks for the name on a terminal', async (t) => {
  for (const [typed, exitCode] of [['dev', 0], ['yes', 2]] as const) {
    const { options, terraform } = await deployScene(t)
    const cli = startCliOnTerminal(['destroy'], options({ FAKE_SHOW: write(t, shown()) }))
    await until('the question', () => cli.stdout().includes('Type the name of the environment to destroy it (dev)'))
    cli.type(`${typed}\n`)
    const result = await cli.ended
    t.equal(result.exitCode, exitCode, result.stdout)
    t.equal(terraform().some(({ verb }) => verb === 'apply'), exitCode === 0)
  }
})
t.jobs = 3
