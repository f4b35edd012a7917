import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { buildScene } from '../support/build-scene.ts'
import { startCli, startCliOnTerminal, type RunningCli } from '../support/cli.ts'
import { deployScene, webapp, type DeployScene } from '../support/deploy-scene.ts'
import { fakeDocker } from '../support/fake-docker.ts'
import { isAlive, until, untilFile } from '../support/until.ts'

type Cadence = { signals: NodeJS.Signals[]; pause?: number; exitCode: number }
const cadences: Record<string, Cadence> = {
  SIGINT: { signals: ['SIGINT'], exitCode: 130 },
  SIGTERM: { signals: ['SIGTERM'], exitCode: 143 },
  SIGHUP: { signals: ['SIGHUP'], exitCode: 129 },
  'SIGINT twice': { signals: ['SIGINT', 'SIGINT'], pause: 200, exitCode: 130 },
  'SIGINT, and SIGTERM a second later': { signals: ['SIGINT', 'SIGTERM'], pause: 1000, exitCode: 130 },
  "GitHub's cadence, its 7.5 s shortened": { signals: ['SIGINT', 'SIGTERM', 'SIGTERM'], pause: 500, exitCode: 130 },
  'all at once': { signals: ['SIGHUP', 'SIGINT', 'SIGTERM'], pause: 30, exitCode: 129 },
}
const approved = ['deploy', '--tag', 'v1', '--auto-approve']

/** The others follow once the first was noticed: of signals that wait together the kernel picks one. */
async function send({ child, stderr }: RunningCli, { signals, pause = 0 }: Cadence): Promise<void> {
  for (const [index, signal] of signals.entries()) {
    if (index > 0) await sleep(pause)
    child.kill(signal)
    if (index === 0) await until('the first signal is noticed', () => stderr().includes(`${signal} received`))
  }
}

/** A deploy that terraform is busy with. */
async function busyScene(t: Test, busy: 'FAKE_PLAN_MS' | 'FAKE_APPLY_MS', more: DeployScene = {}) {
  const scene = await deployScene(t, more)
  const lock = join(scene.infrastructure, 'terraform.lock')
  const isBusy = () => existsSync(lock) && scene.terraform().at(-1)?.verb === (busy === 'FAKE_PLAN_MS' ? 'plan' : 'apply')
  return {
    ...scene,
    lock,
    options: scene.options({ [busy]: '30000' }),
    untilBusy: async () => {
      await until('terraform works', isBusy)
      await sleep(150)
    },
    signals: () => scene.terraform().flatMap(({ signal }) => signal ?? []),
  }
}

t.test('terraform gets exactly one SIGINT, whatever arrives, and is waited for', async (t) => {
  t.jobs = 4
  for (const [name, cadence] of Object.entries(cadences)) {
    void t.test(name, { buffered: true }, async (t) => {
      const { options, untilBusy, signals, lock, tmp } = await busyScene(t, 'FAKE_APPLY_MS')
      const cli = startCli(approved, options)
      await untilBusy()
      await send(cli, cadence)
      const result = await cli.ended
      t.equal(result.exitCode, cadence.exitCode, result.stderr)
      t.same(signals(), ['SIGINT'])
      t.notOk(existsSync(lock), 'terraform ended in order and left no lock')
      t.match(result.stderr, new RegExp(`error: Interrupted by ${cadence.signals[0]}`))
      t.equal(result.stderr.match(/again: already stopping/g)?.length ?? 0, cadence.signals.length - 1)
      t.notMatch(result.stderr, /\n {4}at /)
      t.same(readdirSync(tmp), [], 'the plan file is gone')
    })
  }
})

t.test('during the plan: nothing is applied, and no lock is left', async (t) => {
  const { options, untilBusy, signals, lock, terraform } = await busyScene(t, 'FAKE_PLAN_MS')
  const cli = startCli(approved, options)
  await untilBusy()
  cli.child.kill('SIGINT')
  t.equal((await cli.ended).exitCode, 130)
  t.same(signals(), ['SIGINT'])
  t.notOk(existsSync(lock))
  t.notOk(terraform().some(({ verb }) => verb === 'apply'))
})

t.test('a plan that hangs and does not hear is ended after 10 s, and its lock is said to be left', async (t) => {
  const { options, untilBusy, lock, terraform } = await busyScene(t, 'FAKE_PLAN_MS')
  const cli = startCli(approved, { ...options, env: { ...options.env, FAKE_DEAF: 'yes' } })
  await untilBusy()
  cli.child.kill('SIGINT')
  const { exitCode, stderr } = await cli.ended
  t.equal(exitCode, 130, stderr)
  t.match(stderr, 'terraform plan did not end within 10 s and was ended. The lock of the state may be left; nothing was changed.')
  t.ok(existsSync(lock))
  t.notOk(terraform().some(({ verb }) => verb === 'apply'))
})

t.test('Ctrl-C typed at a terminal reaches terraform once', async (t) => {
  const { options, untilBusy, signals, lock } = await busyScene(t, 'FAKE_APPLY_MS')
  const cli = startCliOnTerminal(approved, options)
  await untilBusy()
  cli.type('\x03')
  await sleep(300)
  cli.type('\x03')
  t.equal((await cli.ended).exitCode, 130, cli.stdout())
  t.same(signals(), ['SIGINT'])
  t.notOk(existsSync(lock))
})

t.test('a terminal that is closed: terraform still ends in order', async (t) => {
  const { options, untilBusy, signals, lock, tmp } = await busyScene(t, 'FAKE_APPLY_MS')
  const cli = startCliOnTerminal(approved, options)
  await untilBusy()
  cli.child.kill('SIGKILL')
  await until('terraform ends', () => !existsSync(lock))
  t.same(signals(), ['SIGINT'])
  await until('fargate-ctl has written its receipt and ends', () => readdirSync(tmp).length === 0)
})

t.test("killed at the end of GitHub's cadence while the state is saved slowly: terraform goes on by itself, and its lock goes", async (t) => {
  const { options, untilBusy, signals, lock } = await busyScene(t, 'FAKE_APPLY_MS')
  const cli = startCli(approved, options)
  await untilBusy()
  await send(cli, { signals: ['SIGINT', 'SIGTERM'], pause: 200, exitCode: 137 })
  await sleep(200)
  t.ok(existsSync(lock))
  cli.child.kill('SIGKILL')
  t.equal((await cli.ended).signal, 'SIGKILL')
  await until('terraform ends', () => !existsSync(lock))
  t.same(signals(), ['SIGINT'])
})

t.test('killed in a push: the engine does not push on, and the login does not stay', async (t) => {
  const push = `if (args[0] === 'push') { fs.writeFileSync(process.env.TMPDIR + '/pushing', String(process.pid)); await sleep(60_000) }\n`
  const { options, tmp } = await deployScene(t, { account: { repositories: { webapp: { immutable: true, images: {} } } }, programs: { docker: push + fakeDocker } })
  const cli = startCli(['build'], options())
  await untilFile(join(tmp, 'pushing'))
  const pid = Number(readFileSync(join(tmp, 'pushing'), 'utf8'))
  t.equal(logins(tmp).length, 1)
  cli.child.kill('SIGKILL')
  await until('docker ends', () => !isAlive(pid))
  await until('the login is gone', () => logins(tmp).length === 0)
})

const logins = (tmp: string) => readdirSync(tmp).filter((name) => name.includes('login'))

t.test('a reader of the output that has gone away does not end the deployment', async (t) => {
  const { options, untilBusy, signals, lock } = await busyScene(t, 'FAKE_APPLY_MS')
  const cli = startCli(approved, options)
  await untilBusy()
  cli.child.stdout?.destroy()
  cli.child.stderr?.destroy()
  cli.child.kill('SIGTERM')
  await until('terraform ends', () => !existsSync(lock))
  t.equal((await cli.ended).exitCode, 143)
  t.same(signals(), ['SIGINT'])
})

t.test('while the app is awaited', async (t) => {
  const { options } = await deployScene(t, { served: 'down' })
  const cli = startCli([...approved, '--verbose'], options())
  await until('the app is asked', () => cli.stderr().includes('HTTP 503'))
  const interrupted = performance.now()
  cli.child.kill('SIGINT')
  const result = await cli.ended
  t.equal(result.exitCode, 130, result.stderr)
  t.ok(performance.now() - interrupted < 30_000, 'long before the wait for the app would end')
})

t.test('while ECS replaces the tasks', async (t) => {
  const soon = Date.now() / 1000 + 60
  const deployments = [{ status: 'PRIMARY', createdAt: soon, runningCount: 2 }, { status: 'ACTIVE', createdAt: 1, runningCount: 2 }]
  const answers = {
    DescribeServices: { services: [{ serviceName: 'webapp', desiredCount: 2, deployments }] },
    ListServiceDeployments: { serviceDeployments: [{ serviceDeploymentArn: 'arn' }] },
    DescribeServiceDeployments: { serviceDeployments: [{ serviceDeploymentArn: 'arn', status: 'IN_PROGRESS' }] },
  }
  const { options, aws } = await deployScene(t, { account: { ...webapp, answers } })
  const cli = startCli(approved, options())
  await until('ECS is asked again', () => aws.calls.filter((call) => call === 'ecs DescribeServices').length > 1)
  cli.child.kill('SIGINT')
  const result = await cli.ended
  t.equal(result.exitCode, 130, result.stderr)
  t.notMatch(result.stderr, 'warning')
})

t.test('at the question: Ctrl-C, Ctrl-D and a signal change nothing', async (t) => {
  t.jobs = 4
  const ways: [string, (cli: ReturnType<typeof startCliOnTerminal>) => void, number, RegExp][] = [
    ['Ctrl-C', (cli) => cli.type('\x03'), 130, /Interrupted by SIGINT/],
    ['Ctrl-D', (cli) => cli.type('\x04'), 2, /Not approved; nothing was changed/],
    ['no', (cli) => cli.type('no\n'), 2, /Not approved; nothing was changed/],
    ['y is not enough', (cli) => cli.type('y\n'), 2, /Not approved; nothing was changed/],
  ]
  for (const [name, answer, exitCode, said] of ways) {
    void t.test(name, { buffered: true }, async (t) => {
      const { options, terraform, tmp } = await deployScene(t)
      const cli = startCliOnTerminal(['deploy', '--tag', 'v1'], options())
      await until('the question', () => cli.stdout().includes('Only "yes" is a yes'))
      answer(cli)
      const { stdout } = await cli.ended
      t.equal((await cli.ended).exitCode, exitCode, stdout)
      t.match(stdout, said)
      t.notMatch(stdout, /\n {4}at /)
      t.notOk(terraform().some(({ verb }) => verb === 'apply'))
      t.same(readdirSync(tmp), [])
    })
  }
})

t.test('at the question, yes applies', async (t) => {
  const { options, terraform } = await deployScene(t)
  const cli = startCliOnTerminal(['deploy', '--tag', 'v1'], options())
  await until('the question', () => cli.stdout().includes('Only "yes" is a yes'))
  cli.type('yes\n')
  t.equal((await cli.ended).exitCode, 0, cli.stdout())
  t.equal(terraform().at(-1)?.verb, 'apply')
})

t.test('docker gets one signal too, and is waited for', async (t) => {
  t.jobs = 4
  for (const name of ['SIGINT', 'SIGTERM', 'SIGINT twice', 'SIGINT, and SIGTERM a second later'] as const) {
    const cadence = { ...cadences[name], pause: 300 } as Cadence
    void t.test(name, { buffered: true }, async (t) => {
      const { options, project, aws, dockerCalls } = await buildScene(t)
      const cli = startCli(['build'], options({ FAKE_BUILD_MS: '30000' }))
      await untilFile(join(project, 'building'))
      await sleep(100)
      await send(cli, cadence)
      const result = await cli.ended
      t.equal(result.exitCode, cadence.exitCode, result.stderr)
      t.ok(existsSync(join(project, 'stopped-after-1')), 'docker ended by itself, after one signal')
      t.match(result.stderr, new RegExp(`error: Interrupted by ${cadence.signals[0]}`))
      t.notOk(dockerCalls().some(([, verb]) => verb === 'push'))
      t.notOk(aws.calls.includes('ecr PutImage'))
    })
  }
})
