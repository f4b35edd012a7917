import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { buildScene as scene, type BuildScene } from '../support/build-scene.ts'
import { runCli, startCliOnTerminal } from '../support/cli.ts'
import { registryPassword } from '../support/fake-aws.ts'

const digest = `sha256:${'b'.repeat(64)}`

t.test('builds, pushes and reads the digest back from ECR', async (t) => {
  const { build, aws, dockerCalls, programs, tmp } = await scene(t)
  const result = await build(['--json'])
  t.equal(result.exitCode, 0, result.stderr)
  const output = JSON.parse(result.stdout)
  t.match(output, { account: '123456789012', region: 'eu-central-1', digest, platform: 'linux/amd64', pushed: true, skipped: false })
  t.match(output.tag, /^[0-9a-f]{16}$/)
  t.same(Object.keys(aws.account.repositories.webapp?.images ?? {}), [output.tag])
  const verbs = dockerCalls().map(([, verb]) => verb)
  t.same(verbs, ['version', 'build', 'image', 'context', 'login', 'push'])
  t.match(dockerCalls()[1], ['docker', 'build', '--platform', 'linux/amd64', '--tag', `${output.repository}:${output.tag}`])
  t.equal(dockerCalls()[4]?.at(-1), aws.url, "logs in at ECR's proxyEndpoint as given")
  t.notMatch(JSON.stringify(programs.calls()), registryPassword, 'the password is in no argument')
  t.notMatch(result.stdout + result.stderr, registryPassword)
  t.same(readdirSync(tmp), [], 'the login is removed')
})

t.test('the same content again: nothing to do, and docker is not called', async (t) => {
  const { build, dockerCalls } = await scene(t)
  const first = JSON.parse((await build(['--json'])).stdout)
  const calls = dockerCalls().length
  const second = JSON.parse((await build(['--json'])).stdout)
  t.match(second, { tag: first.tag, digest, pushed: false, skipped: true })
  t.equal(dockerCalls().length, calls)
})

t.test('the tag names content: files that the image does not hold do not change it', async (t) => {
  const { build, project } = await scene(t)
  const tagNow = async () => JSON.parse((await build(['--json'])).stdout).tag as string
  const first = await tagNow()
  writeFileSync(join(project, 'application/secret.env'), 'TOKEN=1')
  t.equal(await tagNow(), first, 'a file .dockerignore leaves out')
  writeFileSync(join(project, 'application/server.js'), 'console.log("changed")')
  t.not(await tagNow(), first, 'a file in the image')
})

t.test('names uncommitted files and files that git ignores', async (t) => {
  const { build, project } = await scene(t)
  writeFileSync(join(project, 'application/server.js'), 'changed')
  writeFileSync(join(project, 'application/local.json'), '{}')
  const { stderr } = await build()
  t.match(stderr, /Not committed, but in this build: server\.js/)
  t.match(stderr, /Ignored by git, but in this build: local\.json/)
})

t.test('--tag names the same image once more, without docker when the content is there', async (t) => {
  const { build, aws, dockerCalls } = await scene(t)
  const { tag } = JSON.parse((await build(['--json'])).stdout)
  const calls = dockerCalls().length
  t.match(JSON.parse((await build(['--json', '--tag', 'v1'])).stdout), { tag: 'v1', digest, skipped: true })
  t.equal(dockerCalls().length, calls)
  t.match(aws.account.repositories.webapp?.images, { v1: { digest }, [tag]: { digest } })
})

t.test('a tag that names another image in an immutable repository', async (t) => {
  const account = { repositories: { webapp: { immutable: true, images: { v1: { digest: `sha256:${'a'.repeat(64)}` } } } } }
  const { build, dockerCalls } = await scene(t, { account })
  const result = await build(['--tag', 'v1'])
  t.equal(result.exitCode, 2)
  t.match(result.stderr, /error: The tag v1 already names another image \(sha256:a+\) in webapp, whose tags are immutable\.\n.*fix: Choose another --tag/s)
  t.same(dockerCalls(), [], 'nothing is built')
})

t.test('a tag of another image in a mutable repository is moved', async (t) => {
  const account = { repositories: { webapp: { immutable: false, images: { v1: { digest: `sha256:${'a'.repeat(64)}` } } } } }
  const { build, aws } = await scene(t, { account })
  t.equal((await build(['--tag', 'v1'])).exitCode, 0)
  t.match(aws.account.repositories.webapp?.images.v1, { digest })
})

t.test('--no-push builds only', async (t) => {
  const { build, dockerCalls } = await scene(t)
  t.match(JSON.parse((await build(['--no-push', '--json'])).stdout), { digest: null, pushed: false, skipped: false })
  t.same(dockerCalls().map(([, verb]) => verb), ['version', 'build', 'image'])
})

t.test('--force in an immutable repository is refused before anything is built', async (t) => {
  const { build, dockerCalls } = await scene(t)
  await build()
  const calls = dockerCalls().length
  const result = await build(['--force'])
  t.equal(result.exitCode, 2)
  t.match(result.stderr, /--force cannot replace webapp:[0-9a-f]{16}.*fix: Leave --force out/s)
  t.equal(dockerCalls().length, calls)
})

t.test('a new version of the app is a new tag', async (t) => {
  const { build, project, dockerCalls } = await scene(t, { files: { 'application/.dockerignore': 'package.json\n' } })
  const tagNow = async () => JSON.parse((await build(['--json'])).stdout).tag as string
  const first = await tagNow()
  writeFileSync(join(project, 'application/package.json'), '{ "version": "2.0.0" }')
  t.not(await tagNow(), first)
  t.ok(dockerCalls().findLast(([, verb]) => verb === 'build')?.includes('APP_VERSION=2.0.0'))
})

t.test('a Dockerfile that .dockerignore names counts', async (t) => {
  const { build, project } = await scene(t, { files: { 'application/.dockerignore': 'Dockerfile\n' } })
  const tagNow = async () => JSON.parse((await build(['--json'])).stdout).tag as string
  const first = await tagNow()
  writeFileSync(join(project, 'application/Dockerfile'), 'FROM scratch\nCOPY server.js /\nUSER 1000\n')
  t.not(await tagNow(), first)
})

t.test('--region and --repository need no configuration', async (t) => {
  const { build } = await scene(t, { files: { 'infrastructure/input.auto.tfvars': 'region = [5]\n' } })
  const result = await build(['--region', 'eu-central-1', '--repository', 'webapp', '--json'])
  t.match(JSON.parse(result.stdout), { pushed: true, platform: 'linux/amd64', version: '1.2.3', commit: /^[0-9a-f]{40}$/ })
})

t.test('what goes wrong ends in a sentence, a fix and the right exit code', async (t) => {
  const cases: [string, BuildScene, Record<string, string>, string[], number, RegExp][] = [
    ['no repository', { account: { repositories: {} } }, {}, [], 4, /The ECR repository webapp does not exist in eu-central-1\..*fix: Create it/s],
    ['credentials expired', { account: { refuse: { sts: { status: 403, code: 'ExpiredToken' } } } }, {}, [], 4, /credentials are missing or no longer valid.*aws sso login/s],
    ['not allowed', { account: { refuse: { ecr: { status: 400, code: 'AccessDeniedException' } } } }, {}, [], 4, /does not allow this identity to read the ECR repository webapp/],
    ['AWS out of reach', {}, { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, [], 4, /AWS is out of reach/],
    ['engine down', { programs: { docker: 'complain("Cannot connect to the Docker daemon"); return 1' } }, {}, [], 4, /no docker engine answers.*Cannot connect/s],
    ['engine missing', {}, {}, ['--engine', 'finch'], 4, /The program finch is not installed/],
    ['unknown engine', {}, {}, ['--engine', 'rkt'], 2, /Allowed choices are docker, podman, finch/],
    ['build fails', {}, { FAKE_BUILD_EXIT: '1' }, [], 4, /docker build --platform ended with exit code 1/],
    ['push fails', {}, { FAKE_PUSH_ERROR: 'denied: 401 Unauthorized' }, [], 4, /denied: 401 Unauthorized/],
    ['bad settings', { files: { 'infrastructure/input.auto.tfvars': 'region = [5]\n' } }, {}, [], 2, /input\.auto\.tfvars:1/],
    ['unknown option', {}, {}, ['--tagg', 'x'], 2, /Did you mean --tag/],
  ]
  for (const [name, sceneOptions, env, args, exitCode, message] of cases) {
    await t.test(name, async (t) => {
      const { build, aws } = await scene(t, sceneOptions)
      const result = await build(args, env)
      t.equal(result.exitCode, exitCode, result.stderr)
      t.match(result.stderr, message)
      t.notMatch(result.stderr, /\n {4}at /, 'no stack')
      t.equal(result.stdout, '')
      t.notOk(aws.calls.includes('ecr PutImage'), 'nothing written')
    })
  }
})

t.test('outside a project', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'no-project-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const result = await runCli(['build'], { cwd: folder })
  t.equal(result.exitCode, 2)
  t.match(result.stderr, /No infrastructure\/ folder in .* or above it\.\n.*fix: .*--chdir/s)
})

t.test('a push that fails for something that passes is tried again', async (t) => {
  const { build, tmp } = await scene(t)
  const result = await build(['--json'], { FAKE_PUSH_ERROR: 'received unexpected HTTP status: 500 Internal Server Error', FAKE_PUSH_FAILURES: '2' })
  t.equal(result.exitCode, 0, result.stderr)
  t.equal(readFileSync(join(tmp, 'pushes'), 'utf8').length, 2)
  t.equal(JSON.parse(result.stdout).pushed, true)
})

t.test('what a killed run has left behind is removed, and what belongs to one that goes on is not', async (t) => {
  const { build, tmp } = await scene(t)
  const left = ['fargate-ctl-login-4194305-abc', `fargate-ctl-login-${process.pid}-abc`, 'fargate-ctl-login-abc']
  for (const name of left) mkdirSync(join(tmp, name))
  t.equal((await build()).exitCode, 0)
  t.same(readdirSync(tmp).sort(), left.slice(1).sort())
})

t.test('a result that cannot be written is said, and is no success', async (t) => {
  const { build, options } = await scene(t)
  t.equal((await build()).exitCode, 0)
  const { child, ended } = startCliOnTerminal(['build', '--json'], { ...options(), redirect: '> /dev/full' })
  const { stdout } = await ended
  t.equal(child.exitCode, 4, stdout)
  t.match(stdout, /error: The result could not be written to standard output\.\s+cause: .*no space left/)
})
