import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root, runCli } from '../support/cli.ts'
import { copyProject, tools } from '../support/copy-project.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('linters')

type Report = { findings: { tool: string; rule: string; file: string; line: number }[]; tools: { name: string; status: string }[] }

// Long numbers and keys are put together here, so that no scanner takes this file for the one that leaks.
const key = ['AKIA', 'QYLPMN5HFIQR7XYA'].join('')

/** One planted defect for every tool: the file it is added to, and what must be found there. */
const defects: { tool: string; file: string; text: string; rule: string }[] = [
  { tool: 'terraform-fmt', file: 'infrastructure/planted-format.tf', text: 'locals {\n      planted_a = 1\n}\noutput "planted_a" {\n  description = "a"\n  value = local.planted_a\n}\n', rule: 'format' },
  { tool: 'tflint', file: 'infrastructure/planted-unused.tf', text: 'locals {\n  planted_unused = 1\n}\n', rule: 'terraform_unused_declarations' },
  {
    tool: 'tfsec',
    file: 'infrastructure/planted-bucket.tf',
    text: 'resource "aws_s3_bucket" "planted" {\n  bucket = "planted"\n}\n',
    rule: 'aws-s3-block-public-acls',
  },
  { tool: 'eslint', file: 'application/planted-regexp.ts', text: 'export const planted = (name: string) => new RegExp(name)\n', rule: 'security/detect-non-literal-regexp' },
  { tool: 'tsc', file: 'application/planted-type.ts', text: "export const planted: number = 'one'\n", rule: 'TS2322' },
  {
    tool: 'semgrep',
    file: 'application/planted-flow.ts',
    text: "import type { Context } from 'hono'\nexport const planted = (c: Context) => fetch(c.req.query('url') ?? '')\n",
    rule: 'request-to-address',
  },
  {
    tool: 'actionlint',
    file: '.github/workflows/planted-expression.yml',
    text: 'on: push\npermissions: {}\njobs:\n  planted:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ github.nothing }}\n',
    rule: 'expression',
  },
  {
    tool: 'zizmor',
    file: '.github/workflows/planted-action.yml',
    text: 'on: push\npermissions: {}\njobs:\n  planted:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v5\n        with:\n          persist-credentials: false\n',
    rule: 'unpinned-uses',
  },
  { tool: 'hadolint', file: 'application/Dockerfile', text: '\nFROM debian:latest\nMAINTAINER planted\n', rule: 'DL4000' },
  {
    tool: 'opa',
    file: 'infrastructure/planted-port.tf',
    text: `resource "aws_vpc_security_group_ingress_rule" "planted" {
  security_group_id = "sg-1"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
`,
    rule: 'network.open_administration',
  },
  { tool: 'gitleaks', file: 'application/planted-key.ts', text: `export const planted = '${key}'\n`, rule: 'aws-access-token' },
]

t.test('the real tools find one planted defect each, at its file', async (t) => {
  const folder = copyProject(t.testdir())
  for (const { file, text } of defects) appendFileSync(join(folder, file), text)
  const { exitCode, stdout, stderr } = await runCli(['lint', '--json'], { cwd: folder, env: { FARGATE_CTL_SCRATCH: undefined } })
  t.equal(exitCode, 3, stderr)
  const { findings } = JSON.parse(stdout) as Report
  for (const { tool, file, rule } of defects) {
    t.ok(findings.some((found) => found.tool === tool && found.file === file && found.rule === rule), `${tool} finds ${rule} in ${file}`)
  }
  t.notMatch(stdout, key, 'the planted key itself is not printed')
})

t.test('this project is clean', async (t) => {
  const { exitCode, stdout, stderr } = await runCli(['lint', '--json'], { cwd: copyProject(t.testdir()), env: { FARGATE_CTL_SCRATCH: undefined } })
  const { findings, tools } = JSON.parse(stdout) as Report
  t.same(findings, [], 'no findings')
  t.same(tools.filter(({ status }) => status !== 'clean' && status !== 'skipped'), [], stderr)
  t.equal(exitCode, 0)
})

t.test('the semgrep rules find every flow of their fixtures, and no other', (t) => {
  const rules = join(root, '.semgrep', 'request-to-sink.yml')
  const fixture = join(root, '.semgrep', 'fixtures', 'request-to-sink.ts')
  const args = ['scan', '--test', '--config', rules, fixture, '--metrics=off', '--disable-version-check', '--json']
  const env = { ...process.env, PATH: `${join(tools, 'linters', 'bin')}:${process.env.PATH}` }
  const { results } = JSON.parse(execFileSync('semgrep', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as {
    results: Record<string, { checks: Record<string, { passed: boolean; matches: Record<string, { expected_lines: number[] }> }> }>
  }
  const checks = Object.values(results).flatMap(({ checks }) => Object.entries(checks))
  t.equal(checks.length, 6)
  for (const [rule, { passed, matches }] of checks) {
    t.ok(passed, rule)
    t.ok(Object.values(matches).some(({ expected_lines: lines }) => lines.length > 0), `${rule} has something to find`)
  }
  t.end()
})
