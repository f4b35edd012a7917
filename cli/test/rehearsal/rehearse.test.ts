import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { RehearseResult } from '../../src/rehearsal/rehearse.ts'
import { runCli, type CliResult } from '../support/cli.ts'
import { copyProject } from '../support/copy-project.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'embedded AWS')

// One story, told in order: each chapter needs what the one before has left.
t.test('from a clone to a running webapp, a new version, and away again', async (t) => {
  const folder = copyProject(await mkdtemp(join(tmpdir(), 'fargate-ctl-rehearse-')))
  const cli = (args: string[], env: Record<string, string> = {}) => runCli(args, { cwd: folder, env: { FARGATE_CTL_SCRATCH: undefined, ...env } })
  const read = ({ stdout }: CliResult) => JSON.parse(stdout) as RehearseResult
  t.teardown(async () => {
    await cli(['rehearse', '--down'])
    await rm(folder, { recursive: true, force: true })
  })

  t.match(await cli(['rehearse', '--print-env']), { exitCode: 4, stderr: 'No rehearsal is running.' })

  const first = await cli(['rehearse', '--json'])
  t.equal(first.exitCode, 0, first.stderr)
  const { url, image, version, changes, steps, modules, engine } = read(first)
  t.match(image, { repository: /^127\.0\.0\.1:\d+\/webapp$/, tag: /^[0-9a-f]{16}$/, digest: /^sha256:[0-9a-f]{64}$/ })
  t.equal(version, '1.0.0')
  t.ok(changes.create > 40, 'everything is created')
  t.match(steps.map(({ name }) => name), ['Container engine', 'Embedded AWS'])
  t.ok(steps.every(({ seconds }) => seconds >= 0))
  t.match(modules, /^(registry|stand-ins)$/)
  t.match(engine, /^docker \d+/)
  const served = await fetch(new URL('/version', url as string)).then((response) => response.json())
  t.match(served, { version: '1.0.0', imageTag: image.tag, imageDigest: image.digest }, 'what answers is what was built')
  const page = await fetch(url as string, { headers: { accept: 'application/json' } }).then((response) => response.json())
  t.match(page, { greeting: 'Hello, everyone!', environment: 'dev', task: /^[0-9a-f]{32}/ }, 'and it knows which task it is')

  const variables = JSON.parse((await cli(['rehearse', '--print-env', '--json'])).stdout) as Record<string, string>

  await t.test('a second deployment has nothing to do', async (t) => {
    const again = await cli(['deploy', '--build', '--auto-approve', '--json'], variables)
    t.equal(again.exitCode, 0, again.stderr)
    t.same(read(again).changes, { create: 0, update: 0, replace: 0, destroy: 0 })
    t.equal(read(again).image.digest, image.digest, 'the image was not built again')
  })

  await t.test('a tag that nobody pushed changes nothing', async (t) => {
    const missing = await cli(['deploy', '--tag', 'nobody-pushed-this', '--auto-approve'], variables)
    t.equal(missing.exitCode, 4)
    t.match(missing.stderr, 'There is no image webapp:nobody-pushed-this in ECR.')
  })

  await t.test('a new version takes over without a failed request', async (t) => {
    const source = join(folder, 'application', 'server.js')
    writeFileSync(source, readFileSync(source, 'utf8').replace('Hello, everyone!', 'Hello, new version!'))
    const client = startClient(url as string)
    const second = await cli(['rehearse', '--json'])
    await client.untilAnswered('Hello, new version!')
    // Old tasks leave during the deregistration delay; the client asks on until they are gone.
    await sleep(20_000)
    const { answered, failures } = await client.stop()
    t.equal(second.exitCode, 0, second.stderr)
    t.not(read(second).image.digest, image.digest)
    t.equal(read(second).url, url, 'at the same address')
    t.match(await fetch(url as string).then((response) => response.text()), 'Hello, new version!')
    t.ok(answered > 100, `${answered} requests were answered`)
    t.same(failures, [])
  })

  await t.test('a version that cannot start is rolled back, and the rehearsal tells it', async (t) => {
    const source = join(folder, 'application', 'server.js')
    const good = readFileSync(source, 'utf8')
    writeFileSync(source, `console.error('no database at db.internal')\nprocess.exit(3)\n${good}`)
    const client = startClient(url as string)
    const broken = await cli(['rehearse'])
    const { failures } = await client.stop()
    writeFileSync(source, good)
    t.equal(broken.exitCode, 5, broken.stdout)
    t.match(broken.stderr, / event {6} has started 2 tasks: \(task [0-9a-f]{8}\)/)
    t.match(broken.stderr, /stopped: Essential container in task exited \(EssentialContainerExited, exit code 3\); log: no database at db\.internal/)
    t.match(broken.stderr, /^FAILED after \d+ s: [^\n]*exit code 3[^\n]*\nDo: [^\n]+\nServing: [^\n]+ on 2 of 2 healthy tasks/m)
    t.match(broken.stderr, / {2}deployment {2}\d+ ROLLBACK_SUCCESSFUL: ECS deployment circuit breaker: tasks failed to start\./)
    t.same(failures, [], 'the version before serves all the time')
    const corrected = await cli(['rehearse', '--json'])
    t.equal(corrected.exitCode, 0, corrected.stderr)
  })

  await t.test('terraform destroys all of it', async (t) => {
    const tag = (await fetch(new URL('/version', url as string)).then((response) => response.json())) as { imageTag: string }
    const output = execFileSync('terraform', ['destroy', '-auto-approve', '-input=false', '-no-color'], {
      cwd: join(folder, 'infrastructure'),
      env: { ...process.env, ...variables, TF_VAR_image_tag: tag.imageTag },
      encoding: 'utf8',
    })
    t.match(output, /Destroy complete! Resources: [4-9]\d destroyed/)
    await t.rejects(fetch(url as string), 'nothing answers any more')
  })

  await t.test('--down leaves nothing behind', async (t) => {
    const down = await cli(['rehearse', '--down'])
    t.equal(down.exitCode, 0, down.stderr)
    const label = `label=embedded-aws=${join(folder, '.fargate-ctl', 'rehearsal', 'embedded-aws')}`
    t.equal(execFileSync('docker', ['ps', '--all', '--quiet', '--filter', label], { encoding: 'utf8' }), '')
    t.notOk(existsSync(join(folder, '.fargate-ctl', 'rehearsal')))
    t.equal((await cli(['rehearse', '--down'])).exitCode, 0, 'and can be said twice')
  })
})

/** Asks for the page all the time, over connections that are kept. */
function startClient(url: string) {
  let running = true
  let answered = 0
  let text = ''
  const failures: string[] = []
  const ask = async () => {
    while (running) {
      try {
        const response = await fetch(url)
        text = await response.text()
        if (response.ok) answered++
        else failures.push(`HTTP ${response.status}`)
      } catch (error) {
        failures.push(String((error as Error).cause ?? error))
      }
      await sleep(20)
    }
  }
  const askers = [ask(), ask(), ask(), ask()]
  return {
    untilAnswered: async (expected: string) => {
      while (!text.includes(expected)) await sleep(100)
    },
    stop: async () => {
      running = false
      await Promise.all(askers)
      return { answered, failures }
    },
  }
}
