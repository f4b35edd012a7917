import { z } from 'zod'
import { CliError } from '../errors.ts'
import { ProgramError, run, type RunOptions } from './run.ts'

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
      range: z.looseObject({ filename: z.string(), start: z.looseObject({ line: z.number(), column: z.number() }) }).optional(),
    })
    .optional(),
  outputs: z.record(z.string(), z.looseObject({ value: z.unknown().optional() })).optional(),
  change: z.looseObject({ resource: z.looseObject({ addr: z.string() }), action: z.string() }).optional(),
})
type Message = z.infer<typeof messageSchema>
export type Diagnostic = NonNullable<Message['diagnostic']>

export type Plan = {
  /** `action` as terraform names it: create, update, replace, delete, move, import … */
  changes: { address: string; action: string }[]
  /** Whether applying it would change anything, outputs and moved resources included. */
  isEmpty: boolean
}

export type Say = (line: string) => void

/** What every call needs: where, and the variables that only the environment carries. */
export type Terraform = { folder: string; env: Record<string, string> }

const installHint = 'Install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install), or run `npm run setup`.'

const options = ({ folder, env }: Terraform): RunOptions => ({
  cwd: folder,
  env: { ...env, TF_IN_AUTOMATION: '1', TF_INPUT: '0' },
  interruptWith: 'SIGINT',
  installHint,
})

export async function initTerraform(terraform: Terraform, backendFile: string, say: Say): Promise<void> {
  const args = ['init', '-input=false', '-no-color', '-reconfigure', '-lockfile=readonly', `-backend-config=${backendFile}`]
  try {
    await run('terraform', args, { ...options(terraform), onLine: say })
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
 * @throws CliError `stateLocked`, or `usage` with terraform's own diagnostics
 */
export async function planTerraform(terraform: Terraform, file: string, say: Say): Promise<Plan> {
  const args = ['plan', '-json', '-input=false', '-detailed-exitcode', `-out=${file}`]
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
  const { stdout } = await run('terraform', ['output', '-json', '-no-color'], options(terraform))
  const outputs = z.record(z.string(), z.looseObject({ value: z.unknown() })).parse(JSON.parse(stdout))
  return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]))
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
    const message = readMessage(line)
    if (!message) return
    messages.push(message)
    if (message.type !== 'outputs' && message.type !== 'version') say(message['@message'])
  }
  try {
    const { exitCode } = await run('terraform', args, { ...options(terraform), onLine, accept })
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
  return new CliError(kind, `${name} failed.`, { fix: 'Mend the cause and run the same command again.', cause })
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
    fix: `Wait for that run to end. Only if it is certain that it no longer runs: terraform -chdir=infrastructure force-unlock ${id ?? '<lock id>'}`,
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
