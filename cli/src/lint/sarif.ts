import { fileURLToPath, pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { Severity } from '../findings/finding.ts'
import type { Project } from '../platform/project.ts'
import type { RawFinding } from './linter.ts'
import { projectPath } from './linter-output.ts'

const message = z.object({ text: z.string().optional(), markdown: z.string().optional(), id: z.string().optional() })
const level = z.enum(['none', 'note', 'warning', 'error'])
const rule = z.object({
  id: z.string(),
  helpUri: z.string().optional(),
  shortDescription: message.optional(),
  defaultConfiguration: z.object({ level: level.optional() }).optional(),
})
const component = z.object({ rules: z.array(rule).default([]) })
const location = z.object({
  physicalLocation: z
    .object({
      artifactLocation: z.object({ uri: z.string().optional(), uriBaseId: z.string().optional() }).optional(),
      region: z.object({ startLine: z.number().optional(), startColumn: z.number().optional() }).optional(),
    })
    .optional(),
})
const result = z.object({
  ruleId: z.string().optional(),
  ruleIndex: z.number().optional(),
  rule: z.object({ id: z.string().optional(), index: z.number().optional() }).optional(),
  kind: z.string().default('fail'),
  level: level.optional(),
  message,
  locations: z.array(location).default([]),
  suppressions: z.array(z.object({ status: z.string().optional() })).default([]),
  baselineState: z.string().optional(),
  fixes: z.array(z.object({ description: message.optional() })).default([]),
})
const invocation = z.object({
  executionSuccessful: z.boolean(),
  toolExecutionNotifications: z.array(z.object({ message })).default([]),
})
const run = z.object({
  tool: z.object({ driver: component, extensions: z.array(component).default([]) }),
  invocations: z.array(invocation).default([]),
  originalUriBaseIds: z.record(z.string(), z.object({ uri: z.string().optional() })).default({}),
  results: z.array(result).nullable().default([]),
})

/** What is read of https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. */
export const sarifSchema = z.object({ version: z.literal('2.1.0'), runs: z.array(run) })

type Run = z.infer<typeof run>
type Result = z.infer<typeof result>

const severities: Record<z.infer<typeof level>, Severity> = { error: 'error', warning: 'warning', note: 'info', none: 'info' }

/**
 * The findings of a SARIF log: what failed and is neither suppressed nor gone.
 * @returns `failure`: what the tool said of why it broke; undefined when it did its work
 */
export function readSarif(project: Project, { runs }: z.infer<typeof sarifSchema>): { findings: RawFinding[]; failure: string | undefined } {
  const failed = runs.flatMap(({ invocations }) => invocations).find(({ executionSuccessful }) => !executionSuccessful)
  const failure = failed && failed.toolExecutionNotifications.map(({ message }) => message.text ?? '').join('\n')
  return { findings: runs.flatMap((run) => (run.results ?? []).filter(counts).map((each) => readResult(project, run, each))), failure }
}

function counts({ kind, suppressions, baselineState }: Result): boolean {
  const suppressed = suppressions.some(({ status = 'accepted' }) => status === 'accepted')
  return kind === 'fail' && !suppressed && baselineState !== 'absent'
}

function readResult(project: Project, run: Run, { ruleId, ruleIndex, rule: reference, level, message, locations, fixes }: Result): RawFinding {
  const id = ruleId ?? reference?.id
  const { driver, extensions } = run.tool
  const index = ruleIndex ?? reference?.index
  const rule = [driver, ...extensions].flatMap(({ rules }) => rules).find((rule) => rule.id === id) ?? driver.rules[index ?? -1]
  const place = locations[0]?.physicalLocation
  return {
    rule: id ?? rule?.id ?? 'finding',
    severity: severities[level ?? rule?.defaultConfiguration?.level ?? 'warning'],
    file: place?.artifactLocation ? readPath(project, run, place.artifactLocation) : '.',
    line: place?.region?.startLine || 1,
    column: place?.region?.startColumn,
    message: message.text ?? message.markdown ?? rule?.shortDescription?.text ?? id ?? 'A finding without a text.',
    fix: fixes[0]?.description?.text,
    url: rule?.helpUri,
  }
}

/** A path that is relative to no folder is relative to the project, and one that is no address is a path as it stands. */
function readPath(project: Project, run: Run, { uri = '', uriBaseId }: { uri?: string | undefined; uriBaseId?: string | undefined }): string {
  const root = pathToFileURL(`${project.root}/`)
  const base = run.originalUriBaseIds[uriBaseId ?? '']?.uri
  try {
    return projectPath(project, fileURLToPath(new URL(uri, new URL(base ?? '', root)))) || '.'
  } catch {
    return projectPath(project, uri) || '.'
  }
}
