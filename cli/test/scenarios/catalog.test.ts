import t from 'tap'
import { changed } from '../../src/scenarios/broken-versions.ts'
import { scenarios } from '../../src/scenarios/catalog.ts'
import type { Context } from '../../src/scenarios/faults.ts'
import { choose } from '../../src/rehearsal/rehearse-scenarios.ts'
import type { RehearsedService, Version } from '../../src/scenarios/service.ts'
import { runCli } from '../support/cli.ts'

const good: Version = {
  family: 'web',
  runtimePlatform: { cpuArchitecture: 'X86_64' },
  containerDefinitions: [
    {
      name: 'app',
      image: '127.0.0.1:4000/web:v1',
      environment: [
        { name: 'PORT', value: '8080' },
        { name: 'IMAGE_TAG', value: 'v1' },
      ],
    },
  ],
}

/** What the scenario registers as its new version. */
async function registered(name: string): Promise<Version> {
  const made: Version[] = []
  const service = { register: async (version: Version) => (made.push(version), 'arn'), update: async () => undefined }
  const context = { service: service as unknown as RehearsedService, good, name, milliseconds: (seconds: number) => seconds * 100 }
  await choose(name)[0]?.inject(context as Context)
  return made[0] as Version
}

t.test('names are unique and every line says what happens', async (t) => {
  t.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
  for (const { name, should } of scenarios) t.ok(name.length <= 20 && should.length > 20, name)
})

t.test('--list prints each with what should happen, and starts nothing', async (t) => {
  const { exitCode, stdout } = await runCli(['rehearse', '--list'])
  t.equal(exitCode, 0)
  for (const { name, should } of scenarios) t.match(stdout, new RegExp(`^${name} +${should.replaceAll(/[()]/g, '\\$&')}$`, 'm'))
  const json = await runCli(['rehearse', '--list', '--json'])
  t.strictSame(JSON.parse(json.stdout), { scenarios: scenarios.map(({ name, should }) => ({ name, should })) })
})

t.test('a name that does not exist starts nothing', async (t) => {
  const { exitCode, stderr } = await runCli(['rehearse', '--scenario', 'crash-at-strat'])
  t.equal(exitCode, 2)
  t.match(stderr, 'There is no scenario crash-at-strat.')
  t.match(stderr, 'Did you mean crash-at-start?')
})

t.test('--speed has to be a number above 0', async (t) => {
  const { exitCode, stderr } = await runCli(['rehearse', '--speed', '0'])
  t.equal(exitCode, 2)
  t.match(stderr, 'a number above 0 is needed')
})

t.test('a version differs in what the scenario says and leaves the good one alone', async (t) => {
  const before = structuredClone(good)
  t.match((await registered('image-missing')).containerDefinitions?.[0], { image: '127.0.0.1:4000/web:no-such-tag' })
  t.match((await registered('wrong-architecture')).runtimePlatform, { cpuArchitecture: 'ARM64' })
  t.strictSame((await registered('wrong-port')).containerDefinitions?.[0]?.environment, [
    { name: 'IMAGE_TAG', value: 'wrong-port' },
    { name: 'PORT', value: '9090' },
  ])
  t.match(decodeURIComponent(String((await registered('crash-after-20-s')).containerDefinitions?.[0]?.entryPoint)), '}, 2000)')
  t.strictSame(good, before)
})

t.test('a changed version says its own name', async (t) => {
  const version = changed(good, 'next', () => undefined, Number)
  t.strictSame(version.containerDefinitions?.[0]?.environment, [
    { name: 'PORT', value: '8080' },
    { name: 'IMAGE_TAG', value: 'next' },
  ])
})
