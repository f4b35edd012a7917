// The workflows as they are, run by act on this machine against the embedded AWS. Actions are stand-ins that do nothing:
// what they would bring is there.
import { CloudWatchLogsClient, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { root, runCli } from './support/cli.ts'
import { copyProject } from './support/copy-project.ts'
import { fakePrograms } from './support/fake-programs.ts'
import { skipFileWithout } from './support/needs.ts'
import { until } from './support/until.ts'

skipFileWithout('time', 'engine', 'embedded AWS', 'act')

/** Tests of the commit are a workflow of their own, which a deployment waits for. */
const passing = 'on: workflow_call\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: "true"\n'
const action = 'name: stand-in\ndescription: does nothing\nruns:\n  using: composite\n  steps:\n    - run: "true"\n      shell: bash\n'
/** `npm ci` brings the packages and bundles the CLI. */
const npm = `
fs.symlinkSync(process.env.TEST_ROOT + '/node_modules', 'node_modules')
fs.symlinkSync(process.env.TEST_ROOT + '/cli/dist', 'cli/dist')
`
/** Keeps one issue in a file. */
const gh = `
const file = process.env.TEST_FOLDER + '/issue'
fs.appendFileSync(process.env.TEST_FOLDER + '/gh.log', args.slice(0, 2).join(' ') + '\\n')
const [what, verb] = args
if (what === 'issue' && verb === 'list' && fs.existsSync(file)) say('7')
if (what === 'issue' && (verb === 'create' || verb === 'edit')) fs.copyFileSync(args[args.indexOf('--body-file') + 1], file)
if (what === 'issue' && verb === 'close') fs.rmSync(file)
`
/** GitHub's: https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation */
const cadence: [signal: NodeJS.Signals, milliseconds: number][] = [['SIGINT', 0], ['SIGTERM', 7500], ['SIGKILL', 2500]]

t.test('deployed, drifted, and cancelled', async (t) => {
  const folder = copyProject(await mkdtemp(join(tmpdir(), 'fargate-ctl-workflows-')))
  const home = await mkdtemp(join(tmpdir(), 'fargate-ctl-workflows-home-'))
  const programs = fakePrograms(join(home, 'bin'), { npm, gh })
  const cli = (args: string[], env: Record<string, string> = {}) => runCli(args, { cwd: folder, env: { FARGATE_CTL_SCRATCH: undefined, ...env } })
  t.teardown(async () => {
    await cli(['rehearse', '--down'])
    await Promise.all([folder, home].map((each) => rm(each, { recursive: true, force: true })))
  })
  const rehearsed = await cli(['rehearse', '--json'])
  t.equal(rehearsed.exitCode, 0, rehearsed.stderr)
  const variables = JSON.parse((await cli(['rehearse', '--print-env', '--json'])).stdout) as Record<string, string>
  // Runners have none, and act copies what git knows.
  for (const name of ['node_modules', '.fargate-ctl/tools']) writeFileSync(join(folder, '.gitignore'), `${name}\n`, { flag: 'a' })
  writeFileSync(join(folder, '.github', 'workflows', 'code-tests.yml'), passing)
  // act reads the commit.
  execFileSync('git', ['add', '--all'], { cwd: folder })
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', 'test'], { cwd: folder })
  writeFileSync(join(home, 'env'), Object.entries({ ...variables, TEST_ROOT: root.replace(/\/$/, ''), TEST_FOLDER: home }).map(([name, value]) => `${name}=${value}\n`).join(''))

  /** Starts a job of a workflow. */
  const act = (workflow: string, event: string, job: string, env: Record<string, string> = {}) => {
    const given = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    const args = [event, '-W', `.github/workflows/${workflow}`, '-j', job, '-P', 'ubuntu-24.04=-self-hosted', '--env-file', join(home, 'env'), '--var', `AWS_REGION=${variables.AWS_REGION}`, ...standIns(folder, workflow, home), ...given]
    const child = spawn(process.env.FARGATE_CTL_TEST_ACT ?? 'act', args, { cwd: folder, env: { ...process.env, PATH: `${programs.folder}:${process.env.PATH}`, HOME: home, NODE_OPTIONS: undefined } })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    const ended = new Promise<{ exitCode: number | null; output: string }>((resolve) => child.on('close', (exitCode) => resolve({ exitCode, output })))
    return { ended, output: () => output }
  }
  const readLock = async () => {
    const { stdout } = await cli(['doctor', '--for', 'deploy', '--json'], variables)
    const { checks } = JSON.parse(stdout) as { checks: { name: string; value: string }[] }
    return checks.find(({ name }) => name === 'lock')?.value
  }

  await t.test('the deploy workflow deploys', async (t) => {
    const { exitCode, output } = await act('code-deploy.yml', 'push', 'deploy').ended
    t.equal(exitCode, 0, output)
    t.match(output, /answers with version/)
  })

  await t.test('the drift workflow opens one issue, and closes it when the drift is gone', async (t) => {
    const look = async () => {
      rmSync(join(home, 'gh.log'), { force: true })
      const { exitCode, output } = await act('code-drift.yml', 'workflow_dispatch', 'drift').ended
      t.equal(exitCode, 0, output)
      return readFileSync(join(home, 'gh.log'), 'utf8').trim().split('\n')
    }
    const keep = (retentionInDays: number) =>
      new CloudWatchLogsClient({ region: variables.AWS_REGION, endpoint: variables.AWS_ENDPOINT_URL, credentials: { accessKeyId: variables.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? '' } })
        .send(new PutRetentionPolicyCommand({ logGroupName: '/ecs/webapp-dev/app', retentionInDays }))
    t.same(await look(), ['issue list'])
    await keep(7)
    t.same(await look(), ['issue list', 'label create', 'issue create'])
    t.match(readFileSync(join(home, 'issue'), 'utf8'), /1 resource was changed outside Terraform.*retention_in_days/s)
    t.same(await look(), ['issue list', 'issue edit'])
    await keep(30)
    t.same(await look(), ['issue list', 'issue close'])
    t.notOk(existsSync(join(home, 'issue')))
  })

  await t.test("a deployment that is cancelled at GitHub's cadence leaves no lock", async (t) => {
    // Terraform waits for the service, so that it is busy when it is interrupted.
    const server = join(folder, 'application', 'server.js')
    writeFileSync(server, readFileSync(server, 'utf8').replace('Hello', 'Good day'))
    const { ended, output } = act('code-deploy.yml', 'push', 'deploy', { TF_VAR_wait_for_steady_state: 'true', TEST_MARK: folder })
    await until('terraform applies', () => findProcess('terraform\0apply', folder) !== undefined)
    const pid = findProcess('fargate-ctl.js\0deploy', folder) ?? 0
    t.ok(pid > 0, output())
    for (const [signal, milliseconds] of cadence) {
      await sleep(milliseconds)
      try {
        process.kill(pid, signal)
      } catch {
        // It has ended.
      }
    }
    t.not((await ended).exitCode, 0, output())
    await until('the lock is free', async () => (await readLock()) === 'free')
    const again = await cli(['deploy', '--build', '--auto-approve'], variables)
    t.equal(again.exitCode, 0, again.stderr)
  })
})

/** Where act finds the actions that a workflow names: https://nektosact.com/usage (--local-repository) */
function standIns(folder: string, workflow: string, home: string): string[] {
  const place = join(home, 'action')
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'action.yml'), action)
  const text = readFileSync(join(folder, '.github', 'workflows', workflow), 'utf8')
  return [...text.matchAll(/uses: ([\w-]+\/[\w-]+@[0-9a-f]{40})/g)].flatMap(([, name]) => ['--local-repository', `${name}=${place}`])
}

/** A process by its command and a variable; the step's own, which its command has replaced, is what a runner interrupts. */
function findProcess(command: string, mark: string): number | undefined {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8')
    } catch {
      return ''
    }
  }
  const found = readdirSync('/proc').find((pid) => read(pid, 'cmdline').includes(command) && read(pid, 'environ').includes(`TEST_MARK=${mark}`))
  return found === undefined ? undefined : Number(found)
}
