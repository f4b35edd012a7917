import { basename } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import { ProgramError, run, type RunOptions } from '../platform/run.ts'
import type { LogFile } from './log-file.ts'
import { shownPlanSchema, type ShownPlan } from './plan/schema.ts'

/** One message of terraform's machine-readable UI (https://developer.hashicorp.com/terraform/internals/machine-readable-ui). */
const messageSchema = z.looseObject({
  type: z.string(),
  '@level': z.string(),
  '@message': z.string(),
  diagnostic: z
    .looseObject({
      severity: z.string(),
      summary: z.string(),
      detail: z.string().default(''),
      address: z.string().optional(),
      range: z.looseObject({ filename: z.string(), start: z.object({ line: z.number(), column: z.number() }) }).optional(),
    })
    .optional(),
  outputs: z.record(z.string(), z.looseObject({ value: z.unknown().optional() })).optional(),
  change: z.looseObject({ resource: z.looseObject({ addr: z.string() }), action: z.string() }).optional(),
  hook: z.looseObject({ resource: z.looseObject({ addr: z.string() }), elapsed_seconds: z.number().optional() }).optional().catch(undefined),
})
export type Message = z.infer<typeof messageSchema>
export type Diagnostic = NonNullable<Message['diagnostic']>

export type Plan = {
  /** `action` as terraform names it: create, update, replace, delete, move, import … */
  changes: { address: string; action: string }[]
  /** Whether applying it would change anything, outputs and moved resources included. */
  isEmpty: boolean
}

export type Say = (line: string) => void

/** What every call needs: where, and the variables that only the environment carries. */
export type Terraform = {
  folder: string
  env: Record<string, string>
  /** Keeps every line of a plan and an apply. */
  log?: LogFile | undefined
  /** Told of every message of a plan and an apply. */
  onMessage?: (message: Message) => void
}

export const installHint = 'Install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install), or run `npm run setup`.'

/** The program that runs: `terraform`, `tofu` or a path, as --terraform or FARGATE_CTL_TERRAFORM say. */
export const terraformProgram = () => process.env.FARGATE_CTL_TERRAFORM || 'terraform'

/** Whether that is OpenTofu, which reads .tofu files too. */
export const isOpenTofu = () => basename(terraformProgram()).startsWith('tofu')

const options = ({ folder, env }: Terraform): RunOptions => ({
  cwd: folder,
  env: { ...env, TF_IN_AUTOMATION: '1', TF_INPUT: '0' },
  interruptWith: 'SIGINT',
  installHint,
})

export async function initTerraform(terraform: Terraform, backendFile: string, say: Say): Promise<void> {
  const args = ['init', '-input=false', '-no-color', '-reconfigure', '-lockfile=readonly', `-backend-config=${backendFile}`]
  try {
    await run(terraformProgram(), args, { ...options(terraform), onLine: say })
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    const cause = plain(error.result.stderr || error.result.stdout)
    if (cause.includes(wrongVersion)) throw wrongVersionError(cause)
    const fix = 'Read the cause; a module or provider that cannot be downloaded is a matter of the network.'
    throw new CliError('unavailable', 'terraform init failed.', { fix, cause })
  }
}

/**
 * Writes a plan to `file` and tells what it would do. `terraform show` would load the provider once more for that.
 * https://developer.hashicorp.com/terraform/cli/commands/plan#detailed-exitcode
 * @param mode `-refresh-only`, for one
 * @throws CliError `stateLocked`, or `usage` with terraform's own diagnostics
 */
export async function planTerraform(terraform: Terraform, file: string, say: Say, mode: string[] = []): Promise<Plan> {
  const args = ['plan', '-json', '-input=false', '-detailed-exitcode', ...mode, `-out=${file}`]
  const { messages, exitCode } = await runJson(terraform, args, say, 'terraform plan', 'usage', [0, 2])
  const planned = messages.flatMap(({ type, change }) => (type === 'planned_change' && change ? [change] : []))
  return { changes: planned.map(({ resource, action }) => ({ address: resource.addr, action })), isEmpty: exitCode === 0 }
}

/**
 * Applies a plan file.
 * @returns the root module's outputs, values by name
 * @throws CliError `stateLocked` or `deploymentFailed`
 */
export async function applyTerraform(terraform: Terraform, file: string, say: Say): Promise<Record<string, unknown>> {
  const { messages } = await runJson(terraform, ['apply', '-json', '-input=false', file], say, 'terraform apply', 'deploymentFailed')
  const outputs = messages.findLast((message) => message.type === 'outputs')?.outputs ?? {}
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]))
}

/** Reads outputs from the state. */
export async function readOutputs(terraform: Terraform): Promise<Record<string, unknown>> {
  const { stdout } = await run(terraformProgram(), ['output', '-json', '-no-color'], options(terraform))
  const outputs = parseOutput(z.record(z.string(), z.looseObject({ value: z.unknown() })), stdout)
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]))
}

/**
 * Runs a command that answers with diagnostics whatever its exit code, in a folder made for it.
 * @param env added to the environment; `undefined` removes a variable
 * @throws CliError `unavailable` when it failed and said nothing that can be read
 */
export async function askTerraform(folder: string, args: string[], env: Record<string, string | undefined>): Promise<Diagnostic[]> {
  const given = { TF_IN_AUTOMATION: '1', TF_INPUT: '0', TF_DATA_DIR: '.terraform', TF_WORKSPACE: undefined, ...env }
  const { stdout, stderr, exitCode } = await run(terraformProgram(), args, { cwd: folder, env: given, accept: 'any', installHint })
  const diagnostics = stdout.split('\n').flatMap((line) => readMessage(line)?.diagnostic ?? [])
  if (exitCode === 0 || diagnostics.some(({ severity }) => severity === 'error')) return diagnostics
  throw new CliError('unavailable', `${terraformProgram()} ${args[0]} failed.`, { fix: installHint, cause: plain(stderr || stdout) })
}

const plannedOutputsSchema = z.looseObject({
  planned_values: z.looseObject({ outputs: z.record(z.string(), z.looseObject({ value: z.unknown() })).default({}) }),
})

/** The outputs that a plan file promises. */
export async function showPlannedOutputs(folder: string, file: string): Promise<Record<string, unknown>> {
  const { stdout } = await run(terraformProgram(), ['show', '-json', '-no-color', file], { cwd: folder, env: { TF_DATA_DIR: '.terraform' }, installHint })
  const { outputs } = parseOutput(plannedOutputsSchema, stdout).planned_values
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]))
}

/** All that a plan file says; the provider is loaded once more for it. */
export async function showPlan(terraform: Terraform, file: string): Promise<ShownPlan> {
  const { stdout } = await run(terraformProgram(), ['show', '-json', '-no-color', file], options(terraform))
  return parseOutput(shownPlanSchema, stdout)
}

const versionsSchema = z.looseObject({ terraform_version: z.string(), provider_selections: z.record(z.string(), z.string()).default({}) })
export type Versions = { terraform: string; providers: Record<string, string> }

/** The versions of terraform itself and of the providers that the lock file names. */
export async function readVersions(terraform: Terraform): Promise<Versions> {
  const { stdout } = await run(terraformProgram(), ['version', '-json'], options(terraform))
  const { terraform_version: version, provider_selections: providers } = parseOutput(versionsSchema, stdout)
  return { terraform: version, providers }
}

/** Which state it is and how often it was written (https://developer.hashicorp.com/terraform/language/state/backends). */
export const stateVersionSchema = z.looseObject({ lineage: z.string(), serial: z.number() }).transform(({ lineage, serial }) => ({ lineage, serial }))
export type StateVersion = z.infer<typeof stateVersionSchema>

/** The state of the backend as it is now; of one that has never been written, lineage and serial are as in a plan. */
export async function readStateVersion(terraform: Terraform): Promise<StateVersion> {
  const { stdout } = await run(terraformProgram(), ['state', 'pull'], options(terraform))
  return stdout.includes('{') ? parseOutput(stateVersionSchema, stdout) : { lineage: '', serial: 0 }
}

/** Reads JSON that terraform printed, without what it warned of before and what setup-terraform's wrapper puts around it. */
function parseOutput<Schema extends z.ZodType>(schema: Schema, stdout: string): z.infer<Schema> {
  const text = stdout.slice(stdout.search(/^\{/m), stdout.lastIndexOf('}') + 1)
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new CliError('unavailable', `${terraformProgram()} printed something else than the JSON that was asked for.`, {
      fix: 'Call terraform itself, without a wrapper; for hashicorp/setup-terraform set terraform_wrapper: false.',
      cause,
    })
  }
}

async function runJson(
  terraform: Terraform,
  args: string[],
  say: Say,
  name: string,
  kind: 'usage' | 'deploymentFailed',
  accept = [0],
): Promise<{ messages: Message[]; exitCode: number }> {
  const messages: Message[] = []
  const onLine = (line: string) => {
    terraform.log?.write(line)
    const message = readMessage(line)
    if (!message) return
    messages.push(message)
    if (message.type !== 'outputs' && message.type !== 'version') say(message['@message'])
    terraform.onMessage?.(message)
  }
  try {
    const { exitCode } = await run(terraformProgram(), args, { ...options(terraform), onLine, accept })
    return { messages, exitCode }
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    const diagnostics = messages.flatMap(({ diagnostic }) => (diagnostic?.severity === 'error' ? [diagnostic] : []))
    throw failure(name, kind, diagnostics, error)
  }
}

function readMessage(line: string): Message | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return messageSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

function failure(name: string, kind: 'usage' | 'deploymentFailed', diagnostics: Diagnostic[], error: ProgramError): CliError {
  const lock = diagnostics.find(({ summary }) => summary === 'Error acquiring the state lock')
  if (lock) return lockedError(lock.detail)
  const wrong = diagnostics.find(({ summary }) => summary === wrongVersion)
  if (wrong) return wrongVersionError(formatDiagnostic(wrong))
  const cause = diagnostics.map(formatDiagnostic).join('\n') || plain(error.result.stderr || error.result.stdout)
  return new CliError(kind, `${name} failed.`, { fix: 'Fix the cause and run the same command again.', cause })
}

const wrongVersion = 'Unsupported Terraform Core version'

function wrongVersionError(cause: string): CliError {
  return new CliError('unavailable', 'This Terraform is not one that the configuration asks for.', { fix: installHint, cause })
}

function formatDiagnostic({ summary, detail, address, range }: Diagnostic): string {
  const place = range ? `${range.filename}:${range.start.line}:${range.start.column}: ` : ''
  return [`${place}${summary}${address ? ` (${address})` : ''}`, detail.trim()].filter(Boolean).join('\n')
}

/** Who holds the lock stands in the detail, as `  ID:  …` lines. */
function lockedError(detail: string): CliError {
  const fields = new Map([...detail.matchAll(/^\s*(\w+):(.+)$/gm)].map(([, name, value = '']) => [name, value.trim()]))
  const field = (name: string) => fields.get(name)
  const id = field('ID')
  const holder = [field('Who') && `held by ${field('Who')}`, field('Created') && `since ${field('Created')}`, field('Operation')]
  return new CliError('stateLocked', `The state is locked${id ? ` (lock ${id})` : ''}; nothing was changed.`, {
    fix: `Wait for that run to end. Only if it is certain that it no longer runs: ${terraformProgram()} -chdir=infrastructure force-unlock ${id ?? '<lock id>'}`,
    cause: holder.filter(Boolean).join(', ') || plain(detail),
  })
}

/** Without the box that terraform draws around its errors. */
function plain(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^[╷│╵]\s?/, '').trimEnd())
    .filter((line) => line !== '')
    .slice(-20)
    .join('\n')
}
