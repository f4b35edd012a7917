import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { runCli, type CliOptions } from '../support/cli.ts'
import { fakeLinters } from '../support/fake-linters.ts'
import { fakePrograms, type FakePrograms } from '../support/fake-programs.ts'
import { writeProject } from '../support/project.ts'
import { isAlive, until } from '../support/until.ts'

type Report = {
  findings: { tool: string; rule: string; severity: string; file: string; line: number; column: number; message: string; fix: string | null; url: string | null }[]
  tools: { name: string; version: string | null; seconds: number; status: string; reason: string | null }[]
}

/** Something for every linter. */
const sources = {
  '.semgrep/rules.yml': 'rules: []\n',
  '.github/workflows/ci.yml': 'on: push\n',
  'tsconfig.json': '{}',
  'eslint.config.js': '',
  'cli/main.ts': '',
  'application/app.py': '',
  'application/start.sh': '',
  'infrastructure/main.tf': '',
  'infrastructure/tests/stand-ins/modules.json': '{}',
}

type Scene = { findings: boolean; without?: string[]; changed?: Record<string, string>; files?: Record<string, string | undefined> }

function scene(t: Test, options: Scene) {
  const folder = writeProject(t.testdir(), { ...sources, ...options.files })
  const programs = fakePrograms(join(folder, 'fakes'), { ...fakeLinters(options.findings), ...options.changed })
  for (const name of options.without ?? []) rmSync(join(programs.folder, name))
  // Nothing but the fakes and what they need: a real linter of this machine must not take a missing fake's place.
  const env = { PATH: programs.folder, FARGATE_CTL_SCRATCH: join(folder, 'scratch') }
  const lint = (args: string[] = [], more: CliOptions = {}) =>
    runCli(['lint', ...args], { cwd: folder, ...more, env: { ...env, ...more.env } })
  return { folder, programs, lint }
}

const programsCalled = ({ calls }: FakePrograms) => [...new Set(calls().map(([name]) => name))].sort()
const everything = ['actionlint', 'bandit', 'eslint', 'gitleaks', 'hadolint', 'opa', 'ruff', 'semgrep', 'shellcheck', 'terraform-fmt', 'tflint', 'tfsec', 'trivy', 'tsc', 'zizmor']

t.test('a clean project', async (t) => {
  const { lint } = scene(t, { findings: false })
  const { exitCode, stdout, stderr } = await lint(['--json'])
  t.equal(exitCode, 0, stderr)
  const { findings, tools } = JSON.parse(stdout) as Report
  t.same(findings, [])
  t.same(tools.map(({ name }) => name).sort(), everything)
  for (const { name, status, version } of tools) {
    if (name === 'trivy') t.equal(status, 'skipped', 'trivy is used only where it is installed')
    else if (name === 'opa') t.equal(status, 'skipped', 'the project has no policies')
    else t.same([name, status, version], [name, 'clean', '1.2.3'])
  }
})

t.test('every finding, at its place, in one report', async (t) => {
  const { lint } = scene(t, { findings: true })
  const { exitCode, stdout, stderr } = await lint(['--json'])
  t.equal(exitCode, 3)
  t.match(stderr, 'error: 10 findings.')
  const { findings, tools } = JSON.parse(stdout) as Report
  t.same(
    findings.map(({ file, line, column, tool, rule, severity }) => `${file}:${line}:${column} ${tool}/${rule} ${severity}`),
    [
      'application/app.py:1:8 ruff/F401 warning',
      'application/app.py:2:5 bandit/B307 warning',
      'application/Dockerfile:1:1 hadolint/DL3007 warning',
      'application/server.js:1:2 gitleaks/aws-access-token error',
      'application/server.js:1:5 eslint/no-eval error',
      'application/start.sh:2:6 shellcheck/SC2086 info',
      'cli/main.ts:4:2 tsc/TS2322 error',
      'infrastructure/main.tf:1:1 terraform-fmt/format warning',
      'infrastructure/main.tf:12:1 tfsec/aws-ec2-no-public-ingress-sgr error',
      'infrastructure/variables.tf:3:1 tflint/terraform_unused_declarations warning',
    ],
  )
  const of = (tool: string) => findings.find((finding) => finding.tool === tool)
  t.equal(of('eslint')?.message, 'eval can be harmful', 'a message cannot move the cursor')
  t.equal(of('tfsec')?.url, 'https://example.com/tfsec')
  t.equal(of('ruff')?.fix, 'Remove unused import: `os`')
  t.notMatch(stdout, 'PLANTED', 'a secret that was found is not printed')
  t.equal(tools.find(({ name }) => name === 'tflint')?.status, 'findings')
  t.equal(tools.find(({ name }) => name === 'zizmor')?.status, 'clean')
})

t.test('the report for a person names place, rule and every tool', async (t) => {
  const { lint } = scene(t, { findings: true })
  const { exitCode, stdout } = await lint()
  t.equal(exitCode, 3)
  t.match(stdout, /^infrastructure\/main\.tf\n {2}1:1 .*warning .*\n +fix: Run `fargate-ctl lint --fix`\.\n {2}12:1 .*error .*Security group rule.*tfsec\/aws-ec2-no-public-ingress-sgr https:/m)
  t.match(stdout, /imported but unused ruff.*\n +fix: Remove unused import/)
  t.match(stdout, /✖ tflint +1\.2\.3 .* 1 to look at/)
  t.match(stdout, /✔ zizmor +1\.2\.3 .* clean/)
  t.match(stdout, '4 errors, 5 warnings, 1 info')
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

t.test('a tool that breaks gives no report, and the line in which it says why is shown', async (t) => {
  const plugin = JSON.stringify({ issues: [], errors: [{ message: 'Failed to initialize plugins; Plugin "aws" not found.', severity: 'error' }] })
  const broken = {
    'ends with another code': ["complain('a banner\\nError: the rules are unreadable\\n  at line 4'); return 1", 'Error: the rules are unreadable'],
    'tells it in its report': [`say(${JSON.stringify(plugin)}); return 1`, 'Plugin "aws" not found'],
    'is killed': ["complain('out of memory'); process.kill(process.pid, 'SIGKILL'); await sleep(5000)", 'out of memory'],
    'prints no JSON': ["say('not json'); return 0", 'not json'],
    'prints other JSON': ["say('{}'); return 0", 'tflint gave no report'],
    'prints nothing': ['return 0', 'tflint gave no report'],
  }
  for (const [how, [behaviour, line]] of Object.entries(broken)) {
    const { lint } = scene(t, { findings: false, changed: { tflint: `if (args[0] === '--version') { say('1.2.3'); return 0 }\n${behaviour}` } })
    const { exitCode, stdout, stderr } = await lint(['--only', 'tflint', '--json'])
    t.equal(exitCode, 4, how)
    t.equal((JSON.parse(stdout) as Report).tools[0]?.status, 'failed', how)
    t.ok(stderr.includes(line ?? ''), `${how}: ${stderr}`)
    t.notMatch(stderr, '--skip', 'and nobody is told to leave out what may not be left out')
  }
})

t.test('what a tool leaves running ends with it', async (t) => {
  const started = join(t.testdir(), 'pid')
  const leaves = `const { spawn } = require('node:child_process')
const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)'], { stdio: ['ignore', 'inherit', 'inherit'] })
fs.writeFileSync(${JSON.stringify(started)}, String(child.pid))
say('[]')`
  const { lint } = scene(t, { findings: false, changed: { hadolint: `if (args[0] === '--version') { say('1.2.3'); return 0 }\n${leaves}` } })
  const { exitCode, stderr } = await lint(['--only', 'hadolint'])
  t.equal(exitCode, 0, stderr)
  const pid = Number(readFileSync(started, 'utf8'))
  await until('what it left is gone', () => !isAlive(pid))
})

t.test('without anything to lint a tool is skipped, installed or not', async (t) => {
  const files = Object.fromEntries(['.github/workflows/ci.yml', 'cli/main.ts', 'application/app.py', 'application/start.sh', 'application/Dockerfile', 'application/server.js', 'eslint.config.js'].map((file) => [file, undefined]))
  const { lint } = scene(t, { findings: false, files, without: ['ruff', 'hadolint'] })
  const { exitCode, stdout, stderr } = await lint(['--json'])
  t.equal(exitCode, 0, stderr)
  const skipped = (JSON.parse(stdout) as Report).tools.filter(({ reason }) => reason === 'nothing to lint')
  t.same(skipped.map(({ name }) => name).sort(), ['actionlint', 'bandit', 'eslint', 'hadolint', 'opa', 'ruff', 'semgrep', 'shellcheck', 'tsc', 'zizmor'])
})

t.test('editors\' files are no sources', async (t) => {
  const { lint, folder, programs } = scene(t, { findings: false, files: { 'infrastructure/.#main.tf': '', 'infrastructure/main.tf~': '', 'infrastructure/#main.tf#': '' } })
  symlinkSync('me@host.123', join(folder, 'infrastructure', 'linked.tf'))
  t.equal((await lint(['--only', 'tfsec'])).exitCode, 0)
  const copy = programs.calls().find(([name, first]) => name === 'tfsec' && first?.startsWith('/'))?.[1] ?? ''
  t.same(readdirSync(copy).filter((name) => name.includes('main') || name.includes('linked')), ['main.tf'])
})

t.test('tfsec is given the tfvars files that Terraform loads, in its order', async (t) => {
  const names = ['z.auto.tfvars', 'b.auto.tfvars.json', 'terraform.tfvars', 'terraform.tfvars.json', 'other.tfvars']
  const { lint, programs } = scene(t, { findings: false, files: Object.fromEntries(names.map((name) => [`infrastructure/${name}`, ''])) })
  t.equal((await lint(['--only', 'tfsec'])).exitCode, 0)
  const call = programs.calls().find((call) => call.includes('--tfvars-file')) ?? []
  const given = call.filter((_, index) => call[index - 1] === '--tfvars-file').map((path) => basename(path))
  t.same(given, ['terraform.tfvars', 'terraform.tfvars.json', 'b.auto.tfvars.json', 'input.auto.tfvars', 'z.auto.tfvars'])
})

t.test('an application with rules of its own is linted by them, and the rest of the project without it', async (t) => {
  const files = { 'application/eslint.config.mjs': '', 'application/tsconfig.json': '{}', 'application/app.ts': '' }
  const inItsFolder = "if (args[0] === '--version') { say('1.2.3'); return 0 }\nconst place = process.cwd().split('/').at(-1)\n"
  const changed = {
    eslint: `${inItsFolder}say(JSON.stringify([{ filePath: 'x.js', messages: [{ ruleId: place, severity: 2, message: args.join(' '), line: 1 }] }])); return 1`,
    tsc: `${inItsFolder}say(\`application/x.ts(1,1): error TS1: \${place}\`); say(\`x.ts(1,1): error TS2: \${place}\`); return 2`,
  }
  const { lint, folder } = scene(t, { findings: false, files, changed })
  const { stdout } = await lint(['--only', 'eslint,tsc', '--json'])
  const { findings } = JSON.parse(stdout) as Report
  const own = (tool: string) => findings.filter((finding) => finding.tool === tool)
  t.same(own('eslint').map(({ rule }) => rule).sort(), ['application', basename(folder)].sort())
  t.match(own('eslint').find(({ rule }) => rule !== 'application')?.message, /--ignore-pattern application/)
  t.same(own('tsc').map(({ rule, message }) => `${rule} ${message}`).sort(), ['TS1 application', 'TS2 application', `TS2 ${basename(folder)}`].sort())
})

t.test('--dockerfile names the one to lint', async (t) => {
  const { lint, programs } = scene(t, { findings: false, files: { 'deploy/Dockerfile.web': 'FROM scratch\n' } })
  t.equal((await lint(['--only', 'hadolint', '--dockerfile', 'deploy/Dockerfile.web'])).exitCode, 0)
  t.equal(programs.calls().find((call) => call.includes('--format'))?.at(-1), 'deploy/Dockerfile.web')
  const missing = await lint(['--only', 'hadolint', '--dockerfile', 'nowhere'])
  t.equal(missing.exitCode, 2)
  t.match(missing.stderr, 'There is no nowhere.')
})

t.test('tfsec without initialised modules is an error: it would find nothing', async (t) => {
  const { lint } = scene(t, { findings: false, changed: { terraform: "if (args[0] === 'version') say('1.2.3')" } })
  const { exitCode, stdout, stderr } = await lint(['--only', 'tfsec', '--json'])
  t.equal(exitCode, 4, stderr)
  t.equal((JSON.parse(stdout) as Report).tools[0]?.status, 'failed')
})

t.test('trivy joins where it is installed', async (t) => {
  const result = { Results: [{ Target: 'main.tf', Misconfigurations: [{ ID: 'AVD-AWS-0107', Severity: 'HIGH', Title: 'Open', CauseMetadata: { StartLine: 7 } }] }] }
  const trivy = `if (args[0] === '--version') { say('Version: 0.65.0'); return 0 }
const target = require('node:path').relative(args.at(-1), process.cwd() + '/main.tf')
say(JSON.stringify(${JSON.stringify(result)}).replace('main.tf', target))`
  const { lint } = scene(t, { findings: false, changed: { trivy } })
  const { exitCode, stdout } = await lint(['--json', '--only', 'trivy,tfsec'])
  t.equal(exitCode, 3)
  const { findings, tools } = JSON.parse(stdout) as Report
  t.match(findings, [{ tool: 'trivy', rule: 'AVD-AWS-0107', severity: 'error', file: 'infrastructure/main.tf', line: 7 }])
  t.match(tools, [{ name: 'trivy', version: '0.65.0', status: 'findings' }, { name: 'tfsec' }])
})

t.test('--fix lets the tools that can fix what they find do so first', async (t) => {
  const { lint, programs } = scene(t, { findings: false })
  t.equal((await lint(['--fix'])).exitCode, 0)
  const fixes = programs.calls().filter((call) => call.includes('--fix') || (call[1] === 'fmt' && !call.includes('-check')))
  t.same(fixes.map(([name]) => name).sort(), ['eslint', 'ruff', 'terraform', 'tflint'])
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
  t.match(readFileSync(summary, 'utf8'), '### Lint: 4 errors, 5 warnings, 1 info')
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
