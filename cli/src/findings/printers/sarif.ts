import { describeFailure, type Finding, type LintResult, type Severity, type ToolReport } from '../finding.ts'

const levels: Record<Severity, string> = { error: 'error', warning: 'warning', info: 'note' }

/**
 * The report as SARIF 2.1.0, one run for each tool, as GitHub's code scanning reads it.
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function formatSarif(result: LintResult): string {
  const runs = result.tools.filter(({ status }) => status !== 'skipped').map((tool) => formatRun(tool, result))
  const $schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
  return JSON.stringify({ version: '2.1.0', $schema, runs }, null, 2)
}

function formatRun({ name, version }: ToolReport, { findings, failures }: LintResult) {
  const own = findings.filter(({ tool }) => tool === name)
  const ids = [...new Set(own.map(({ rule }) => rule))]
  const failure = failures.find((each) => each.name === name)
  const rules = ids.map((id) => {
    const url = own.find(({ rule }) => rule === id)?.url
    return { id, ...(url ? { helpUri: url } : {}) }
  })
  const notifications = failure ? [{ level: 'error', message: { text: describeFailure(failure) } }] : []
  return {
    tool: { driver: { name, ...(version ? { version } : {}), rules } },
    invocations: [{ executionSuccessful: !failure, toolExecutionNotifications: notifications }],
    results: own.map((finding) => formatResult(finding, ids)),
  }
}

/** SARIF's own `fixes` are changes of a file; what to do is said in the message. */
function formatResult({ rule, severity, message, fix, file, line, column }: Finding, ids: string[]) {
  const artifactLocation = { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: '%SRCROOT%' }
  return {
    ruleId: rule,
    ruleIndex: ids.indexOf(rule),
    level: levels[severity],
    message: { text: fix ? `${message} Fix: ${fix}` : message },
    locations: [{ physicalLocation: { artifactLocation, region: { startLine: line, startColumn: column } } }],
  }
}
