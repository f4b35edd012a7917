import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildScene as scene } from '../support/build-scene.ts'
import { registryPassword } from '../support/fake-aws.ts'
import { fakeDocker } from '../support/fake-docker.ts'

const noDocker = { docker: undefined }

t.test('podman, whose login takes a bare host and leaves TLS out on this machine', async (t) => {
  const { build, programs, aws } = await scene(t, { programs: { ...noDocker, podman: fakeDocker } })
  const result = await build(['--engine', 'podman', '--json'])
  t.equal(result.exitCode, 0, result.stderr)
  const host = aws.url.replace('http://', '')
  t.same(programs.calls().map(([name, verb]) => `${name} ${verb}`), ['podman version', 'podman build', 'podman image', 'podman login', 'podman push'])
  const [, , , login, push] = programs.calls()
  t.same(login, ['podman', 'login', '--tls-verify=false', '--username', 'AWS', '--password-stdin', host])
  t.ok(push?.includes('--tls-verify=false'))
})

t.test('finch, which tells its version as nerdctl does', async (t) => {
  const finch = `if (args[0] === 'version') { complain("can't evaluate field Version"); return 1 }
if (args[0] === 'info') { say('v2.1.4'); return 0 }
${fakeDocker}`
  const { build, programs } = await scene(t, { programs: { ...noDocker, finch } })
  const result = await build(['--json'], { FARGATE_CTL_ENGINE: 'finch' })
  t.equal(result.exitCode, 0, result.stderr)
  t.same(programs.calls().map(([name, verb]) => `${name} ${verb}`), ['finch info', 'finch build', 'finch image', 'finch login', 'finch push'])
})

t.test('the engine comes from the environment, and from --engine before that', async (t) => {
  const { build, programs } = await scene(t, { programs: { podman: fakeDocker } })
  await build(['--no-push'], { FARGATE_CTL_ENGINE: 'podman' })
  t.ok(programs.calls().every(([name]) => name === 'podman'))
  await build(['--no-push', '--engine', 'docker', '--force'], { FARGATE_CTL_ENGINE: 'podman' })
  t.equal(programs.calls().at(-1)?.[0], 'docker')
})

t.test('the password reaches the engine over stdin alone, into a folder of its own', async (t) => {
  const { build, programs, project, tmp } = await scene(t, {
    programs: {
      docker: fakeDocker.replace(
        "if (verb === 'login') {",
        "if (verb === 'login') { fs.writeFileSync('login.json', JSON.stringify([input, process.env.DOCKER_CONFIG, fs.statSync(process.env.DOCKER_CONFIG).mode & 0o777]));",
      ),
    },
  })
  t.equal((await build()).exitCode, 0)
  const [input, config, mode] = JSON.parse(readFileSync(join(project, 'login.json'), 'utf8')) as [string, string, number]
  t.equal(input, registryPassword)
  t.ok(config.startsWith(tmp))
  t.equal(mode, 0o700)
  t.notMatch(JSON.stringify(programs.calls()), registryPassword)
})

t.test('--platform arm64 is another image than amd64', async (t) => {
  const { build, dockerCalls } = await scene(t)
  const amd = JSON.parse((await build(['--json'])).stdout)
  const arm = JSON.parse((await build(['--json', '--platform', 'arm64'])).stdout)
  t.match(arm, { platform: 'linux/arm64', pushed: true })
  t.not(arm.tag, amd.tag)
  const builds = dockerCalls().filter(([, verb]) => verb === 'build')
  t.equal(builds.at(-1)?.[builds.at(-1)?.indexOf('--platform') as number + 1], 'linux/arm64')
  t.match(JSON.parse((await build(['--json', '--platform', 'linux/arm64'])).stdout), { tag: arm.tag, skipped: true })
})

t.test('cpu_architecture says which platform is built', async (t) => {
  const { build, project } = await scene(t)
  const variables = join(project, 'infrastructure/variables.tf')
  writeFileSync(variables, `${readFileSync(variables, 'utf8')}\nvariable "cpu_architecture" {\n  type    = string\n  default = "ARM64"\n}\n`)
  t.match(JSON.parse((await build(['--json', '--no-push'])).stdout), { platform: 'linux/arm64' })
})

t.test('--force tells the engine to forget what it has, and pushes again where tags may move', async (t) => {
  const { build, dockerCalls } = await scene(t, { account: { repositories: { webapp: { immutable: false, images: {} } } } })
  await build()
  t.match(JSON.parse((await build(['--force', '--json'])).stdout), { pushed: true, skipped: false })
  t.ok(dockerCalls().findLast(([, verb]) => verb === 'build')?.includes('--no-cache'))
})

t.test('a base image of its own is passed on, and changes the tag', async (t) => {
  const { build, dockerCalls } = await scene(t)
  const { tag } = JSON.parse((await build(['--json', '--no-push'])).stdout)
  const other = JSON.parse((await build(['--json', '--no-push'], { FARGATE_CTL_BASE_IMAGE: 'base:1' })).stdout)
  t.not(other.tag, tag)
  t.ok(dockerCalls().findLast(([, verb]) => verb === 'build')?.includes('BASE_IMAGE=base:1'))
})
