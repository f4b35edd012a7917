import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { readExceptions, withoutExceptions } from '../findings/exceptions.ts'
import type { Severity } from '../findings/finding.ts'
import { createLocator, type FilePlace } from '../terraform/plan/locate-resource.ts'
import type { RawFinding } from './linter.ts'
import { parseReport, projectPath, readReport, runTool } from './linter-output.ts'

/** What a rule says: a text, or one with the address of the resource that it is about. */
const denialSchema = z.union([z.string(), z.looseObject({ msg: z.string(), address: z.string().optional() })])
type Denial = z.infer<typeof denialSchema>

const evaluationSchema = z.object({
  result: z.tuple([z.object({ expressions: z.tuple([z.object({ value: z.record(z.string(), z.unknown()) })]) })]),
})

const policiesFolder = ({ infrastructure }: Project) => join(infrastructure, 'policies')

/** Whether the project has policies. */
export const hasPolicies = (project: Project) => existsSync(policiesFolder(project))

/**
 * Asks every policy of a plan. As in conftest, the rules `deny…` and `violation…` of every package are errors, and `warn…` are
 * warnings; each is a set of texts, or of `{msg, address}`.
 * https://www.openpolicyagent.org/docs/terraform
 * @param plan what `terraform show -json PLAN` prints, or its `resource_changes` alone
 * @throws CliError when opa is missing, a policy or the list of exceptions cannot be read
 */
export async function checkPolicies(project: Project, plan: unknown): Promise<RawFinding[]> {
  const folder = policiesFolder(project)
  const args = ['eval', '--format', 'json', '--data', folder, '--ignore', '*_test.rego', '--stdin-input', 'data']
  const [{ result }, exceptions, locate] = await Promise.all([
    readReport(evaluationSchema, 'opa', args, { input: JSON.stringify(plan), accept: [0] }),
    readExceptions(project),
    createLocator(project),
  ])
  const denials = collectDenials(result[0].expressions[0].value)
  return denials.flatMap((denial) => withoutExceptions(toFinding(denial, locate), exceptions)).map(({ address: _address, ...finding }) => finding)
}

type NamedDenial = { rule: string; severity: Severity; denial: Denial }
type LocatedFinding = RawFinding & { address: string }

/** @param packages the packages by name, in one another; what is no rule of ours is data */
function collectDenials(packages: Record<string, unknown>, path: string[] = []): NamedDenial[] {
  return Object.entries(packages).flatMap(([name, value]): NamedDenial[] => {
    const [, kind, rule = ''] = /^(deny|violation|warn)(?:_(\w+))?$/.exec(name) ?? []
    if (!kind) return isRecord(value) ? collectDenials(value, [...path, name]) : []
    const denials = z.array(denialSchema).safeParse(value)
    const id = [...path, rule].filter(Boolean).join('.')
    if (!denials.success) throw new CliError('unavailable', `The policy ${id} says nothing that can be read.`, { fix: `Let ${name} be a set of texts, or of {"msg", "address"}.`, cause: denials.error })
    return denials.data.map((denial) => ({ rule: id, severity: kind === 'warn' ? 'warning' : 'error', denial }))
  })
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function toFinding({ rule, severity, denial }: NamedDenial, locate: (address: string) => FilePlace | undefined): LocatedFinding {
  const { msg, address = '' } = typeof denial === 'string' ? { msg: denial } : denial
  const place = locate(address) ?? { file: 'infrastructure', line: 1, column: 1 }
  return { rule, severity, ...place, message: address ? `${address}: ${msg}` : msg, address }
}

const testSchema = z.array(
  z.object({
    location: z.object({ file: z.string(), row: z.number(), col: z.number() }),
    package: z.string(),
    name: z.string(),
    fail: z.boolean().default(false),
    error: z.unknown().optional(),
  }),
).nullable()

/**
 * Runs the policies' own tests (https://www.openpolicyagent.org/docs/policy-testing).
 * @returns those that fail
 * @throws CliError when a policy cannot be read
 */
export async function testPolicies(project: Project): Promise<RawFinding[]> {
  const result = await runTool('opa', ['test', '--format', 'json', policiesFolder(project)])
  const tests = parseReport(testSchema, 'opa', result)
  const failed = (tests ?? []).filter(({ fail, error }) => fail || error !== undefined)
  return failed.map(({ location, name, package: own }) => ({
    rule: 'test',
    severity: 'error',
    file: projectPath(project, location.file),
    line: location.row,
    column: location.col,
    message: `The test ${own.replace(/^data\./, '')}.${name} fails.`,
  }))
}
