import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
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

const exceptionSchema = z.strictObject({
  rule: z.string(),
  /** The resource's address, in which `*` stands for anything. */
  address: z.string(),
  reason: z.string().min(10, 'a reason of some words is needed'),
  /** The last day that it holds. */
  expires: z.iso.date(),
})
type Exception = z.infer<typeof exceptionSchema>

const exceptionsFile = 'exceptions.json'
const exceptionsSchema = z.strictObject({ exceptions: z.array(exceptionSchema) })

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
    readExceptions(folder),
    createLocator(project),
  ])
  const denials = collectDenials(result[0].expressions[0].value)
  return denials.flatMap((denial) => applyExceptions(toFinding(denial, locate), exceptions))
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

/** An exception that has ended no longer holds, and says so. */
function applyExceptions({ address, ...finding }: LocatedFinding, exceptions: Exception[]): RawFinding[] {
  const own = exceptions.filter((each) => each.rule === finding.rule && matches(each.address, address))
  if (own.length === 0) return [finding]
  const today = new Date().toISOString().slice(0, 10)
  if (own.some(({ expires }) => expires >= today)) return []
  return [{ ...finding, message: `${finding.message} (its exception ended on ${own[0]?.expires}: ${own[0]?.reason})` }]
}

/** @param pattern a text in which `*` stands for anything */
function matches(pattern: string, text: string): boolean {
  const [start = '', ...parts] = pattern.split('*')
  const end = parts.pop()
  if (end === undefined) return text === start
  if (!text.startsWith(start)) return false
  let at = start.length
  for (const part of parts) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length >= at + end.length && text.endsWith(end)
}

async function readExceptions(folder: string): Promise<Exception[]> {
  const path = join(folder, exceptionsFile)
  if (!existsSync(path)) return []
  try {
    return exceptionsSchema.parse(JSON.parse(await readFile(path, 'utf8'))).exceptions
  } catch (error) {
    const cause = error instanceof z.ZodError ? z.prettifyError(error) : error
    throw new CliError('usage', `The exceptions from the policies cannot be read: ${path}`, {
      cause,
      fix: 'Write each as {"rule": "images.registry", "address": "aws_ecs_task_definition.*", "reason": "why it does not apply", "expires": "2027-01-31"}.',
    })
  }
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
