/** What the fakes print: the shapes of the real programs' reports, as `cli/test/lint/real-tools.test.ts` meets them. */
const terraformIssue = {
  rule: { name: 'terraform_unused_declarations', severity: 'warning', link: 'https://example.com/tflint' },
  message: 'variable "old" is declared but not used',
  range: { filename: 'infrastructure/variables.tf', start: { line: 3, column: 1 } },
}

const outputs = {
  tflint: (broken: boolean) => (broken ? { issues: [terraformIssue], errors: [] } : { issues: [], errors: [] }),
  tfsec: (broken: boolean) => ({
    results: broken
      ? [
          {
            long_id: 'aws-ec2-no-public-ingress-sgr',
            severity: 'CRITICAL',
            description: 'Security group rule allows ingress from public internet.',
            links: ['https://example.com/tfsec'],
            location: { filename: 'infrastructure/main.tf', start_line: 12 },
          },
        ]
      : null,
  }),
  eslint: (broken: boolean) =>
    broken
      ? [{ filePath: 'application/server.js', messages: [{ ruleId: 'no-eval', severity: 2, message: 'eval\u001b[31m can be\nharmful', line: 1, column: 5 }] }]
      : [],
  ruff: (broken: boolean) =>
    broken
      ? [{ code: 'F401', filename: 'application/app.py', location: { row: 1, column: 8 }, message: '`os` imported but unused', fix: { message: 'Remove unused import: `os`' }, url: 'https://example.com/ruff' }]
      : [],
  bandit: (broken: boolean) => ({
    results: broken
      ? [{ test_id: 'B307', issue_severity: 'MEDIUM', issue_text: 'Use of possibly insecure function', filename: './application/app.py', line_number: 2, col_offset: 4, more_info: 'https://example.com/bandit' }]
      : [],
    errors: [],
  }),
  shellcheck: (broken: boolean) => ({
    comments: broken ? [{ file: 'application/start.sh', line: 2, column: 6, level: 'info', code: 2086, message: 'Double quote to prevent globbing.' }] : [],
  }),
  semgrep: () => ({ results: [], errors: [] }),
  actionlint: () => [],
  zizmor: () => [],
  hadolint: (broken: boolean) =>
    broken ? [{ code: 'DL3007', level: 'warning', file: 'application/Dockerfile', line: 1, column: 1, message: 'Using latest is prone to errors' }] : [],
  gitleaks: (broken: boolean) =>
    broken ? [{ RuleID: 'aws-access-token', Description: 'An AWS key', File: 'application/server.js', StartLine: 1, StartColumn: 2, Secret: 'PLANTED' }] : [],
}

/** Programs for fakePrograms(): every linter, clean or with findings, in the version 1.2.3. */
export function fakeLinters(withFindings: boolean): Record<string, string> {
  const reports = Object.entries(outputs).map(([name, report]) => {
    const exitCode = withFindings && outcome[name as keyof typeof outcome]
    const text = JSON.stringify(JSON.stringify(report(withFindings)))
    return [name, `${version}\nsay(${text}); return ${Number(exitCode) || 0}`]
  })
  return {
    ...(Object.fromEntries(reports) as Record<string, string>),
    terraform: `${version}
if (args[0] === 'get') {
  const folder = process.env.TF_DATA_DIR + '/modules'
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(folder + '/modules.json', JSON.stringify({ Modules: [{ Key: '', Source: '', Dir: '.' }] }))
  return 0
}
${withFindings ? "if (args.includes('-check')) { say('main.tf'); return 3 }" : ''}`,
    tsc: `${version}\n${withFindings ? "say('cli/main.ts(4,2): error TS2322: Wrong.'); return 2" : ''}`,
  }
}

/** The exit codes that the real programs end with when they find something. */
const outcome = { tflint: 2, tfsec: 1, eslint: 1, semgrep: 0, actionlint: 0, zizmor: 0, hadolint: 1, gitleaks: 3, ruff: 1, bandit: 1, shellcheck: 1 }

const version = "if (args.some((arg) => /^-{0,2}version$/.test(arg))) { say('1.2.3'); return 0 }"
