import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCli } from '../support/cli.ts'
import { fakePrograms } from '../support/fake-programs.ts'
import { writeProject } from '../support/project.ts'

/** Lints with a tool of the project's own that prints this. */
async function lintWith(t: Test, { log, linters, exitCode = 1 }: { log: unknown; linters?: unknown; exitCode?: number }) {
  const own = linters ?? [{ name: 'gosec', command: ['gosec', '-fmt=sarif', './...'], format: 'sarif' }]
  const folder = writeProject(t.testdir(), { 'package.json': JSON.stringify({ 'fargate-ctl': { linters: own } }) })
  const text = typeof log === 'string' ? log : JSON.stringify(log).replaceAll('FOLDER', `file://${folder}`)
  const { folder: path, calls } = fakePrograms(join(folder, 'fakes'), { gosec: `say(${JSON.stringify(text)}); return ${exitCode}` })
  const result = await runCli(['lint', '--only', 'gosec', '--json'], { cwd: folder, path: [path], env: { FARGATE_CTL_SCRATCH: join(folder, 'scratch') } })
  return { ...result, calls, report: () => JSON.parse(result.stdout) as { findings: object[]; tools: object[] } }
}

const at = (uri: string, region?: object, uriBaseId?: string) => ({ physicalLocation: { artifactLocation: { uri, uriBaseId }, region } })
const rules = [{ id: 'G101', helpUri: 'https://example.com/G101', defaultConfiguration: { level: 'error' } }, { id: 'G102' }]
const log = (results: object[], more: object = {}) => ({ version: '2.1.0', runs: [{ tool: { driver: { name: 'gosec', rules } }, results, ...more }] })

t.test('findings come from the SARIF that the tool prints', async (t) => {
  const { exitCode, report, calls } = await lintWith(t, {
    log: log(
      [
        { ruleId: 'G101', message: { text: 'A password' }, locations: [at('application/my%20notes.go', { startLine: 3, startColumn: 5 })] },
        { ruleIndex: 1, level: 'note', message: { text: 'Binds to all' }, locations: [at('FOLDER/application/main.go', { startLine: 7 })], fixes: [{ description: { text: 'Name an address.' } }] },
        { ruleId: 'other', message: { text: 'Based' }, locations: [at('b.go', undefined, 'APP')] },
        { ruleId: 'G102', message: { text: 'No place' } },
        { ruleId: 'G102', kind: 'pass', message: { text: 'Fine' } },
        { ruleId: 'G102', suppressions: [{ kind: 'inSource' }], message: { text: 'Suppressed' } },
        { ruleId: 'G102', baselineState: 'absent', message: { text: 'Gone' } },
      ],
      { originalUriBaseIds: { APP: { uri: 'FOLDER/application/' } } },
    ),
  })
  t.equal(exitCode, 3)
  t.same(report().findings, [
    { tool: 'gosec', rule: 'G102', severity: 'warning', file: '.', line: 1, column: 1, message: 'No place', fix: null, url: null },
    { tool: 'gosec', rule: 'other', severity: 'warning', file: 'application/b.go', line: 1, column: 1, message: 'Based', fix: null, url: null },
    { tool: 'gosec', rule: 'G102', severity: 'info', file: 'application/main.go', line: 7, column: 1, message: 'Binds to all', fix: 'Name an address.', url: null },
    { tool: 'gosec', rule: 'G101', severity: 'error', file: 'application/my notes.go', line: 3, column: 5, message: 'A password', fix: null, url: 'https://example.com/G101' },
  ])
  t.same(calls(), [['gosec', '-fmt=sarif', './...']])
})

t.test('a tool without findings is clean', async (t) => {
  const { exitCode, report } = await lintWith(t, { log: log([]), exitCode: 0 })
  t.equal(exitCode, 0)
  t.match(report().tools, [{ name: 'gosec', status: 'clean' }])
})

t.test('a tool that breaks gave no report', async (t) => {
  const failed = { invocations: [{ executionSuccessful: false, toolExecutionNotifications: [{ message: { text: 'no Go files' } }] }] }
  for (const [text, cause] of [[log([], failed), 'no Go files'], ['Error: no such flag', 'no such flag'], [{ version: '2.0.0', runs: [] }, 'gosec gave no report']] as const) {
    const { exitCode, stderr } = await lintWith(t, { log: text })
    t.equal(exitCode, 4)
    t.match(stderr, cause)
  }
})

t.test('a package.json that names linters wrongly is a clear error', async (t) => {
  const right = { name: 'gosec', command: ['gosec'], format: 'sarif' }
  for (const [linters, cause] of [
    [[{ ...right, format: 'json' }], 'fargate-ctl.linters.0.format'],
    [[{ ...right, command: [] }], 'fargate-ctl.linters.0.command'],
    [[{ ...right, name: 'Go Sec' }], 'fargate-ctl.linters.0.name'],
    [[{ ...right, args: [] }], 'fargate-ctl.linters.0'],
    [{}, 'fargate-ctl.linters'],
    [[right, right], 'two linters with the name gosec'],
    [[{ ...right, name: 'tfsec' }], 'two linters with the name tfsec'],
  ] as const) {
    const { exitCode, stderr } = await lintWith(t, { log: log([]), linters })
    t.equal(exitCode, 2, cause)
    t.match(stderr, 'The linters in package.json cannot be read.')
    t.ok(stderr.includes(cause), stderr)
  }
})
