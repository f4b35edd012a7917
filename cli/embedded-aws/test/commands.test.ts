// The command as people use it, in a folder of their own.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs'
import { execa } from 'execa'
import t from 'tap'
import { skipFileWithout } from './support/needs.ts'

skipFileWithout('ministack')

const bin = fileURLToPath(new URL('../bin/embedded-aws.js', import.meta.url))

t.test('start, env, status, fault, logs, stop', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'embedded-aws-commands-'))
  const command = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, ...args], { cwd: folder, reject: false, env: { AWS_PROFILE: 'work' } })
    return { exitCode, stdout, stderr }
  }
  t.teardown(async () => {
    await command('stop', '--remove')
    await rm(folder, { recursive: true, force: true })
  })

  for (const asks of ['env', 'status']) {
    t.match(await command(asks), { exitCode: 4, stderr: /error: No embedded AWS runs in .+\n {2}fix: Start one with `embedded-aws start`/ })
  }
  t.match(await command('start', '--speed', 'quick'), { exitCode: 2, stderr: /a number above 0 is needed/ })
  t.match(await command('start', '--python', '/no/python'), { exitCode: 4, stderr: /There is no Python at \/no\/python/ })

  const started = await command('start', '--engine', 'none', '--account', '111111111111,222222222222')
  t.match(started, { exitCode: 0, stdout: /serves at http:\/\/127\.0\.0\.1:\d+; tasks are processes/ })
  t.match(await command('start', '--engine', 'none', '--account', '111111111111,222222222222'), { exitCode: 0, stdout: /serves already/ })

  const shell = await command('env', '--account', '222222222222', '--region', 'eu-west-1')
  t.match(shell.stdout, /^unset .*AWS_PROFILE$/m)
  const { stdout } = await execa('sh', ['-c', `${shell.stdout}\nenv`])
  const variables = Object.fromEntries(stdout.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  t.match(variables, { AWS_REGION: 'eu-west-1', EMBEDDED_AWS_STATE: join(folder, '.embedded-aws') })
  const { AWS_ENDPOINT_URL = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = variables
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY }
  await new ECSClient({ region: 'eu-west-1', endpoint: AWS_ENDPOINT_URL, credentials }).send(new ListClustersCommand({}))
  t.match(await command('env', '--account', '333333333333'), { exitCode: 4, stderr: /no key for the account 333333333333/ })

  t.match(await command('status'), { exitCode: 0, stdout: /no services\n\nno tasks\n\nno targets/ })
  t.match(JSON.parse((await command('status', '--json')).stdout), { url: AWS_ENDPOINT_URL, healthy: true, services: [] })
  t.match(await command('fault', 'capacity', 'unavailable=FARGATE_SPOT,eu-west-1a'), { exitCode: 0, stdout: /hit no task/ })
  t.match(await command('fault', 'kill'), { exitCode: 2, stderr: /at task\n {2}fix: kill task=/ })
  t.match(await command('fault', 'flood'), { exitCode: 2, stderr: /There are capacity, spot-interruption, zone-loss, kill/ })
  t.match(await command('fault', '--help'), { exitCode: 0, stdout: /zone-loss zone=/ })
  t.equal((await command('logs')).exitCode, 0)

  t.match(await command('stop', '--remove'), { exitCode: 0, stdout: 'Stopped.' })
  t.notOk(existsSync(join(folder, '.embedded-aws')))
  t.match(await command('stop'), { exitCode: 0, stdout: /No embedded AWS ran/ })
})
