import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCli, type CliOptions } from '../support/cli.ts'
import { fakeLinters } from '../support/fake-linters.ts'
import { fakePrograms, type FakePrograms } from '../support/fake-programs.ts'
import { writeProject } from '../support/project.ts'

type Report = {
  findings: { tool: string; rule: string; severity: string; file: string; line: number; column: number; message: string; url: string | null }[]
  tools: { name: string; version: string | null; seconds: number; status: string }[]
}

const rules = { '.semgrep/rules.yml': 'rules: []\n', 'infrastructure/main.tf': '', 'infrastructure/tests/stand-ins/modules.json': '{}' }

function scene(t: Test, options: { findings: boolean; without?: string[]; changed?: Record<string, string> }) {
  const folder = writeProject(t.testdir(), { ...rules })
  const programs = fakePrograms(join(folder, 'fakes'), { ...fakeLinters(options.findings), ...options.changed })
  for (const name of options.without ?? []) rmSync(join(programs.folder, name))
  // Nothing but the fakes and what they need: a real linter of this machine must not take a missing fake's place.
  const env = { PATH: programs.folder, FARGATE_CTL_SCRATCH: join(folder, 'scratch') }
  const lint = (args: string[] = [], more: CliOptions = {}) =>
    runCli(['lint', ...args], { cwd: folder, ...more, env: { ...env, ...more.env } })
  return { folder, programs, lint }
}

const programsCalled = ({ calls }: FakePrograms) => [...new Set(calls().map(([name]) => name))].sort()
const everything = ['actionlint', 'eslint', 'gitleaks', 'hadolint', 'semgrep', 'terraform-fmt', 'tflint', 'tfsec', 'trivy', 'tsc', 'zizmor']

t.test('a clean project', async (t) => {
  const { lint } = scene(t, { findings: false })
  const { exitCode, stdout, stderr } = await lint(['--json'])
  t.equal(exitCode, 0, stderr)
  const { findings, tools } = JSON.parse(stdout) as Report
  t.same(findings, [])
  t.same(tools.map(({ name }) => name).sort(), everything)
  for (const { name, status, version } of tools) {
    if (name === 'trivy') t.equal(status, 'skipped', 'trivy is used only where it is installed')
    else t.same([name, status, version], [name, 'clean', '1.2.3'])
  }
})

t.test('every finding, at its place, in one report', async (t) => {
  const { lint } = scene(t, { findings: true })
  const { exitCode, stdout, stderr } = await lint(['--json'])
  t.equal(exitCode, 3)
  t.match(stderr, 'error: 7 findings.')
  const { findings, tools } = JSON.parse(stdout) as Report
  t.same(
    findings.map(({ file, line, column, tool, rule, severity }) => `${file}:${line}:${column} ${tool}/${rule} ${severity}`),
    [
      'application/Dockerfile:1:1 hadolint/DL3007 warning',
      'application/server.js:1:2 gitleaks/aws-access-token error',
      'application/server.js:1:5 eslint/no-eval error',
      'cli/main.ts:4:2 tsc/TS2322 error',
      'infrastructure/main.tf:1:1 terraform-fmt/format warning',
      'infrastructure/main.tf:12:1 tfsec/aws-ec2-no-public-ingress-sgr error',
      'infrastructure/variables.tf:3:1 tflint/terraform_unused_declarations warning',
    ],
  )
  t.equal(findings[2]?.message, 'eval can be harmful', 'a message cannot move the cursor')
  t.equal(findings[5]?.url, 'https://example.com/tfsec')
  t.notMatch(stdout, 'PLANTED', 'a secret that was found is not printed')
  t.equal(tools.find(({ name }) => name === 'tflint')?.status, 'findings')
  t.equal(tools.find(({ name }) => name === 'zizmor')?.status, 'clean')
})

t.test('the report for a person names place, rule and every tool', async (t) => {
  const { lint } = scene(t, { findings: true })
  const { exitCode, stdout } = await lint()
  t.equal(exitCode, 3)
  t.match(stdout, /^infrastructure\/main\.tf\n {2}1:1 .*warning .*\n {2}12:1 .*error .*Security group rule.*tfsec\/aws-ec2-no-public-ingress-sgr https:/m)
  t.match(stdout, /✖ tflint +1\.2\.3 .* 1 to look at/)
  t.match(stdout, /✔ zizmor +1\.2\.3 .* clean/)
  t.match(stdout, '4 errors, 3 warnings')
})

t.test('--min-severity leaves lesser findings out', async (t) => {
  const { lint } = scene(t, { findings: true })
  const { exitCode, stdout } = await lint(['--json', '--min-severity', 'error'])
  t.equal(exitCode, 3)
  const { findings, tools } = JSON.parse(stdout) as Report
  t.same([...new Set(findings.map(({ severity }) => severity))], ['error'])
  t.equal(tools.find(({ name }) => name === 'tflint')?.status, 'clean')
})

t.test('a missing tool is an error, never silently green', async (t) => {
  const { lint } = scene(t, { findings: false, without: ['hadolint'] })
  const { exitCode, stdout, stderr } = await lint(['--json'])
  t.equal(exitCode, 4)
  t.equal((JSON.parse(stdout) as Report).tools.find(({ name }) => name === 'hadolint')?.status, 'missing')
  t.match(stderr, 'There is no report from hadolint.')
  t.match(stderr, '--skip hadolint')
  t.equal((await lint(['--skip', 'hadolint'])).exitCode, 0, 'unless it is skipped')
})

t.test('tflint and tfsec are never optional', async (t) => {
  for (const name of ['tflint', 'tfsec']) {
    const { lint, programs } = scene(t, { findings: false, without: [name] })
    const { exitCode, stderr } = await lint(['--skip', `zizmor,${name}`])
    t.equal(exitCode, 2)
    t.match(stderr, `${name} may not be skipped`)
    t.same(programs.calls(), [], 'and nothing was run')
    t.equal((await lint()).exitCode, 4)
  }
})

t.test('--only and --skip choose; a mistyped name is told the nearest', async (t) => {
  const { lint, programs } = scene(t, { findings: false })
  t.equal((await lint(['--only', 'eslint,hadolint'])).exitCode, 0)
  t.same(programsCalled(programs), ['eslint', 'hadolint'])
  const mistyped = await lint(['--only', 'hadolnt'])
  t.equal(mistyped.exitCode, 2)
  t.match(mistyped.stderr, 'Did you mean hadolint?')
  const unknown = await lint(['--skip', 'pylint-for-flask'])
  t.equal(unknown.exitCode, 2)
  t.match(unknown.stderr, 'The linters are semgrep,')
})

t.test('a tool that breaks gives no report', async (t) => {
  const broken = {
    'ends with another code': "complain('Failed to initialize plugins'); return 1",
    'prints no JSON': "say('not json'); return 0",
    'prints other JSON': "say('{}'); return 0",
    'prints nothing': 'return 0',
  }
  for (const [how, behaviour] of Object.entries(broken)) {
    const { lint } = scene(t, { findings: false, changed: { tflint: `if (args[0] === '--version') { say('1.2.3'); return 0 }\n${behaviour}` } })
    const { exitCode, stdout } = await lint(['--json'])
    t.equal(exitCode, 4, how)
    t.equal((JSON.parse(stdout) as Report).tools.find(({ name }) => name === 'tflint')?.status, 'failed', how)
  }
})

t.test('tfsec without initialised modules is an error: it would find nothing', async (t) => {
  const { lint } = scene(t, { findings: false, changed: { terraform: "if (args[0] === 'version') say('1.2.3')" } })
  const { exitCode, stdout, stderr } = await lint(['--only', 'tfsec', '--json'])
  t.equal(exitCode, 4, stderr)
  t.equal((JSON.parse(stdout) as Report).tools[0]?.status, 'failed')
})

t.test('trivy joins where it is installed', async (t) => {
  const result = { Results: [{ Target: 'main.tf', Misconfigurations: [{ ID: 'AVD-AWS-0107', Severity: 'HIGH', Title: 'Open', CauseMetadata: { StartLine: 7 } }] }] }
  const trivy = `if (args[0] === '--version') { say('Version: 0.65.0'); return 0 }\nsay(${JSON.stringify(JSON.stringify(result))})`
  const { lint } = scene(t, { findings: false, changed: { trivy } })
  const { exitCode, stdout } = await lint(['--json', '--only', 'trivy,tfsec'])
  t.equal(exitCode, 3)
  const { findings, tools } = JSON.parse(stdout) as Report
  t.match(findings, [{ tool: 'trivy', rule: 'AVD-AWS-0107', severity: 'error', file: 'infrastructure/main.tf', line: 7 }])
  t.match(tools, [{ name: 'trivy', version: '0.65.0', status: 'findings' }, { name: 'tfsec' }])
})

t.test('--fix lets the tools that can mend do so first', async (t) => {
  const { lint, programs } = scene(t, { findings: false })
  t.equal((await lint(['--fix'])).exitCode, 0)
  const fixes = programs.calls().filter((call) => call.includes('--fix') || (call[1] === 'fmt' && !call.includes('-check')))
  t.same(fixes.map(([name]) => name).sort(), ['eslint', 'terraform', 'tflint'])
})

t.test('SARIF 2.1.0, with one run for each tool', async (t) => {
  const { lint, folder } = scene(t, { findings: true, without: ['hadolint'] })
  const file = join(folder, 'report.sarif')
  const { exitCode, stdout } = await lint(['--format', 'sarif', '--output', file])
  t.equal(exitCode, 4)
  t.match(stdout, 'no report from hadolint', 'a person still reads what was found')
  const { version, runs } = JSON.parse(readFileSync(file, 'utf8')) as { version: string; runs: any[] }
  t.equal(version, '2.1.0')
  const tfsec = runs.find(({ tool }) => tool.driver.name === 'tfsec')
  t.match(tfsec.tool.driver.rules, [{ id: 'aws-ec2-no-public-ingress-sgr', helpUri: 'https://example.com/tfsec' }])
  t.match(tfsec.results, [
    {
      ruleIndex: 0,
      level: 'error',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'infrastructure/main.tf' }, region: { startLine: 12, startColumn: 1 } } }],
    },
  ])
  const hadolint = runs.find(({ tool }) => tool.driver.name === 'hadolint')
  t.equal(hadolint.invocations[0].executionSuccessful, false)
})

t.test('annotations and a step summary on GitHub', async (t) => {
  const { lint, folder } = scene(t, { findings: true })
  const summary = join(folder, 'summary.md')
  writeFileSync(summary, '')
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary }
  const pretty = await lint([], { env })
  t.match(pretty.stderr, '::error file=infrastructure/main.tf,line=12,col=1,title=tfsec/aws-ec2-no-public-ingress-sgr::Security group rule')
  t.match(readFileSync(summary, 'utf8'), '### Lint: 4 errors, 3 warnings')
  const asked = await lint(['--format', 'github'])
  t.match(asked.stdout, '::warning file=application/Dockerfile,line=1,col=1,title=hadolint/DL3007::Using latest')
})

t.test('a report that cannot be written is said', async (t) => {
  const { lint, folder } = scene(t, { findings: false })
  const { exitCode, stderr } = await lint(['--only', 'eslint', '--output', join(folder, 'nowhere', 'report.json')])
  t.equal(exitCode, 2)
  t.match(stderr, 'The report cannot be written')
  t.notOk(existsSync(join(folder, 'nowhere')))
})
