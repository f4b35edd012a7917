import t, { type Test } from 'tap'
import { z } from 'zod'
import { findingSchema } from '../../src/findings/finding.ts'
import { root, runCli } from '../support/cli.ts'
import { goodBackend } from '../support/findings.ts'
import { writeProject } from '../support/project.ts'

const outputSchema = z.strictObject({ findings: z.array(findingSchema.strict()) })
const project = (t: Test, files: Record<string, string> = {}) => writeProject(t.testdir({}), files)
const broken = {
  'infrastructure/s3.tfbackend': goodBackend.replace('region ', 'regoin '),
  'infrastructure/input.auto.tfvars': 'region = "eu-central-1"\nenv = "dev\nimage_tag = "v1"\n',
}

t.test('a valid configuration', async (t) => {
  const { exitCode, stdout, stderr } = await runCli(['validate'], { cwd: project(t) })
  t.equal(exitCode, 0)
  t.equal(stdout, '✔ The configuration is valid: no problems.\n')
  t.equal(stderr, '')
})

t.test('every problem at its place, with what to do', async (t) => {
  const { exitCode, stdout, stderr } = await runCli(['validate', '--chdir', project(t, broken)])
  t.equal(exitCode, 2)
  t.match(
    stdout,
    'infrastructure/s3.tfbackend:3:1 error There is no argument "regoin" here. (backend/unknown-key)\n',
  )
  t.match(stdout, '  fix: Did you mean "region"?\n')
  t.match(stdout, /^infrastructure\/input\.auto\.tfvars:2:11 error Invalid multi-line string\. \(syntax\)$/m)
  t.match(stdout, /^infrastructure\/input\.auto\.tfvars:3:1 warning image_tag /m)
  t.equal(stderr, 'error: The configuration has 2 errors, 1 warning.\n')
})

t.test('--json', async (t) => {
  const failed = await runCli(['validate', '--json'], { cwd: project(t, broken) })
  t.equal(failed.exitCode, 2)
  const { findings } = outputSchema.parse(JSON.parse(failed.stdout))
  t.match(findings, [
    { file: 'infrastructure/s3.tfbackend', line: 3, column: 1, severity: 'error', rule: 'backend/unknown-key' },
    { file: 'infrastructure/input.auto.tfvars', line: 2, column: 11, severity: 'error', rule: 'syntax' },
    { file: 'infrastructure/input.auto.tfvars', line: 3, column: 1, severity: 'warning', rule: 'inputs/image-tag' },
  ])
  t.equal(findings.length, 3)
})

t.test('warnings alone are no failure', async (t) => {
  const files = { 'infrastructure/s3.tfbackend': goodBackend.replace(/use_lockfile.*\n/, '') }
  const { exitCode, stdout } = await runCli(['validate'], { cwd: project(t, files) })
  t.equal(exitCode, 0)
  t.match(stdout, /warning .*\(backend\/no-locking\)[^]*valid: 1 warning\./)
})

t.test('on GitHub each finding is an annotation at its line', async (t) => {
  const { stderr } = await runCli(['validate'], { cwd: project(t, broken), env: { GITHUB_ACTIONS: 'true' } })
  t.match(stderr, /^::error file=infrastructure\/s3\.tfbackend,line=3,col=1,title=backend\/unknown-key::/m)
  t.match(stderr, /^::warning file=infrastructure\/input\.auto\.tfvars,line=3,col=1,/m)
})

t.test('build and deploy refuse what validate refuses, with the same lines', async (t) => {
  for (const [command, counts] of [['build', '2 errors, 1 warning'], ['deploy', '3 errors']] as const) {
    const { exitCode, stdout, stderr } = await runCli([command, '--json'], { cwd: project(t, broken) })
    t.equal(exitCode, 2)
    t.equal(stdout, '')
    t.match(stderr, 'infrastructure/s3.tfbackend:3:1 error There is no argument "regoin" here.')
    t.match(stderr, `error: The configuration has ${counts}.`)
  }
})

t.test('outside a project', async (t) => {
  const { exitCode, stderr } = await runCli(['validate', '--chdir', '/'])
  t.equal(exitCode, 2)
  t.match(stderr, /No infrastructure\/ folder/)
})

t.test('this repository has no errors', async (t) => {
  const { exitCode, stdout } = await runCli(['validate', '--json'], { cwd: root })
  t.equal(exitCode, 0, stdout)
})
