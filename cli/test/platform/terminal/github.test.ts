import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatAnnotation } from '../../../src/platform/terminal/github.ts'
import { buildScene } from '../../support/build-scene.ts'
import { deployScene } from '../../support/deploy-scene.ts'

const onGithub = { GITHUB_ACTIONS: 'true', CI: 'true' }
/** What the runner would take for a workflow command, but for the groups that steps are. */
const commandsIn = (output: string) => output.split('\n').filter((line) => /^\s*::|##\[/.test(line) && !/^::(?:end)?group::/.test(line))

t.test('a message and its place are escaped', async (t) => {
  t.equal(formatAnnotation('error', '100 %\r\nof it::x', {}), '::error::100 %25%0D%0Aof it::x')
  t.equal(
    formatAnnotation('warning', 'x', { file: 'a:b,c%.tf', line: 3, column: 5, title: 'one\n::error::two' }),
    '::warning file=a%3Ab%2Cc%25.tf,line=3,col=5,title=one%0A%3A%3Aerror%3A%3Atwo::x',
  )
})

t.test('an error is an annotation of one line, and only on GitHub', async (t) => {
  const { build } = await buildScene(t, { account: { repositories: {} } })
  t.match(commandsIn((await build([], onGithub)).stderr), [/^::error::The ECR repository webapp does not exist in eu-central-1\. Create it/])
  t.same(commandsIn((await build()).stderr), [])
})

t.test('a warning is an annotation', async (t) => {
  const { deploy } = await deployScene(t)
  const { stderr } = await deploy(['--tag', 'v1', '--plan-only'], { ...onGithub, FAKE_PLAN: JSON.stringify({ 'aws_lb.old': 'delete' }) })
  t.match(commandsIn(stderr), [/^::warning::1 resource\(s\) will be DESTROYED: aws_lb\.old$/])
})

t.test('what another program says never becomes a workflow command', async (t) => {
  const said = '::add-mask::x\n  ::set-output name=a::b\n##[error]made up\n:::warning::y'
  const { build } = await buildScene(t)
  const env = { ...onGithub, FAKE_BUILD_SAYS: said, FAKE_BUILD_EXIT: '1' }
  for (const flags of [[], ['--verbose']]) {
    const { stderr } = await build(flags, env)
    t.match(stderr, 'set-output name=a', 'it is still there to read')
    t.match(commandsIn(stderr), [/^::error::docker build --platform ended with exit code 1\./])
  }
  t.match((await build([], { FAKE_BUILD_SAYS: said, FAKE_BUILD_EXIT: '1' })).stderr, '::add-mask::x', 'elsewhere it stays as it is')
})

t.test('--json on GitHub leaves stdout pure', async (t) => {
  const { build } = await buildScene(t)
  t.match(JSON.parse((await build(['--json'], onGithub)).stdout), { pushed: true })
})

t.test('a deployment is appended to the step summary', async (t) => {
  const { deploy, tmp, url } = await deployScene(t)
  const file = join(tmp, 'summary.md')
  const env = { ...onGithub, GITHUB_STEP_SUMMARY: file }
  await deploy(['--tag', 'v1', '--plan-only'], env)
  await deploy(['--tag', 'v1', '--auto-approve'], env)
  const text = readFileSync(file, 'utf8')
  t.match(text, /^### Planned\n[\s\S]*\n### Deployed: /)
  t.match(text, `### Deployed: ${url}`)
  t.match(text, /\| terraform apply \| \d+\.\d s \|/)
})

t.test('so is what went wrong', async (t) => {
  const { deploy, tmp } = await deployScene(t)
  const file = join(tmp, 'summary.md')
  const detail = JSON.stringify({ severity: 'error', summary: 'No such thing', detail: '```\n### not a heading' })
  await deploy(['--tag', 'v1', '--auto-approve'], { ...onGithub, GITHUB_STEP_SUMMARY: file, FAKE_APPLY_ERROR: detail })
  t.equal(
    readFileSync(file, 'utf8'),
    "### ✖ terraform apply failed.\n\n```text\nNo such thing\n'''\n### not a heading\n```\n\nFix the cause and run the same command again.\n",
  )
})

t.test('a summary that cannot be written does not spoil a deployment', async (t) => {
  const { deploy, tmp } = await deployScene(t)
  const folder = join(tmp, 'folder')
  mkdirSync(folder)
  const { exitCode, stderr } = await deploy(['--tag', 'v1', '--auto-approve'], { ...onGithub, GITHUB_STEP_SUMMARY: folder })
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /warning: The step summary could not be written: EISDIR/)
})
