import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import { ProgramError, run, type RunOptions } from '../platform/run.ts'
import { explainFailure, hasWrongVersion, onlyLockIsLeft, onlyStateIsUnsaved, plain, readUnsavedOutputs, wrongVersionError, type Failure } from './explain-failure.ts'
import { withRecord } from './holder.ts'
import type { LogFile } from './log-file.ts'
import { installHint, isOpenTofu, terraformProgram } from './program.ts'

export { installHint, isOpenTofu, terraformProgram } from './program.ts'
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
  /** Relative to the folder. */
  backendFile: string
  /** Files of values besides those that Terraform loads by itself, relative to the folder. */
  varFiles: string[]
  /** Keeps every line of a plan and an apply. */
  log?: LogFile | undefined
  /** Told of every message of a plan and an apply. */
  onMessage?: (message: Message) => void
  /** Told when terraform has said nothing for a while. */
  tell?: Say
  /** Seconds of that while; 30 by default. */
  silenceSeconds?: number
  /** How long to wait for a lock that somebody else holds; default: not at all. */
  lockWaitSeconds?: number | undefined
}

const options = ({ folder, env }: Terraform): RunOptions => ({
  cwd: folder,
  // Of a cancelled job GitHub's runner kills every process that has this variable: terraform may still save its state.
  env: { ...env, TF_IN_AUTOMATION: '1', TF_INPUT: '0', RUNNER_TRACKING_ID: undefined },
  interruptWith: 'SIGINT',
  installHint,
})

const versionSchema = z.looseObject({ terraform_version: z.string() })

/** @returns the version of the program that runs @throws CliError `unavailable` */
export async function readTerraformVersion(): Promise<string> {
  const { stdout } = await run(terraformProgram(), ['version', '-json'], { installHint })
  return parseOutput(versionSchema, stdout).terraform_version
}

const lockWait = ({ lockWaitSeconds }: Terraform) => (lockWaitSeconds === undefined ? [] : [`-lock-timeout=${lockWaitSeconds}s`])

/** @param backend how the state is found; default: as the backend file says, whatever was before */
export async function initTerraform(terraform: Terraform, say: Say, backend = ['-reconfigure', `-backend-config=${terraform.backendFile}`]): Promise<void> {
  const lockFile = (await hasLockOfItsOwn(terraform)) ? ['-lockfile=readonly'] : []
  const args = ['init', '-input=false', '-no-color', ...lockFile, '-test-directory=no-tests', ...backend]
  try {
    await patiently(terraform, 'init', say, (onLine, more) => run(terraformProgram(), args, { ...options(terraform), ...more, onLine }))
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    const cause = plain(error.result.stderr || error.result.stdout)
    if (hasWrongVersion(cause)) throw wrongVersionError(cause)
    const fix = 'Read the cause; a module or provider that cannot be downloaded is a matter of the network.'
    throw new CliError('unavailable', 'terraform init failed.', { fix, cause })
  }
}

/** A lock file that Terraform wrote names no provider of OpenTofu's registry, which then adds its own. */
async function hasLockOfItsOwn({ folder }: Terraform): Promise<boolean> {
  if (!isOpenTofu()) return true
  const text = await readFile(join(folder, '.terraform.lock.hcl'), 'utf8').catch(() => '')
  return text.includes('registry.opentofu.org/')
}

/**
 * Writes a plan to `file` and tells what it would do. `terraform show` would load the provider once more for that.
 * https://developer.hashicorp.com/terraform/cli/commands/plan#detailed-exitcode
 * @param more options, such as -destroy or -refresh-only
 * @throws CliError `stateLocked`, `usage` for a mistake of the configuration, `unavailable` for what is out of reach
 */
export async function planTerraform(terraform: Terraform, file: string, say: Say, more: string[] = []): Promise<Plan> {
  const args = ['plan', '-json', '-input=false', '-detailed-exitcode', ...lockWait(terraform), ...terraform.varFiles.map((each) => `-var-file=${each}`), ...more, `-out=${file}`]
  const { messages, exitCode } = await runJson(terraform, 'plan', args, say, [0, 2])
  const planned = messages.flatMap(({ type, change }) => (type === 'planned_change' && change ? [change] : []))
  return { changes: planned.map(({ resource, action }) => ({ address: resource.addr, action })), isEmpty: exitCode === 0 }
}

/** What an apply has done. `leftover`: all is applied, but the state is not saved, or its lock is left. */
export type Applied = { outputs: Record<string, unknown>; leftover: { error: CliError; isUnsaved: boolean } | undefined }

/**
 * Applies a plan file.
 * @returns the root module's outputs, values by name
 * @throws CliError `stateLocked`, `deploymentFailed` or `unavailable`
 */
export async function applyTerraform(terraform: Terraform, file: string, say: Say): Promise<Applied> {
  const { messages, failure } = await runJson(terraform, 'apply', ['apply', '-json', '-input=false', ...lockWait(terraform), file], say)
  const outputs = messages.findLast((message) => message.type === 'outputs')?.outputs ?? {}
  if (!failure) return { outputs: valuesOf(outputs), leftover: undefined }
  const error = await explainFailure(failure, terraform)
  const isUnsaved = onlyStateIsUnsaved(failure)
  return { outputs: isUnsaved ? await readUnsavedOutputs(terraform) : await readOutputs(terraform), leftover: { error, isUnsaved } }
}

/** Reads outputs from the state. */
export async function readOutputs(terraform: Terraform): Promise<Record<string, unknown>> {
  const { stdout } = await run(terraformProgram(), ['output', '-json', '-no-color'], options(terraform))
  return valuesOf(parseOutput(z.record(z.string(), z.looseObject({ value: z.unknown() })), stdout))
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

const valuesSchema = z.record(z.string(), z.looseObject({ value: z.unknown() })).default({})
const plannedValuesSchema = z.looseObject({
  planned_values: z.looseObject({ outputs: valuesSchema }),
  variables: valuesSchema,
  configuration: z.looseObject({
    root_module: z.looseObject({ variables: z.record(z.string(), z.looseObject({ sensitive: z.boolean().default(false) })).default({}) }),
  }),
})

/** The values of input variables; of those that Terraform calls sensitive, the names alone. */
export type Variables = { values: Record<string, unknown>; sensitive: string[] }

/** What a plan file of a folder made for it shows: the outputs that it promises, and the input variables. */
export async function showPlannedValues(folder: string, file: string): Promise<{ outputs: Record<string, unknown>; variables: Variables }> {
  const { stdout } = await run(terraformProgram(), ['show', '-json', '-no-color', file], { cwd: folder, env: { TF_DATA_DIR: '.terraform' }, installHint })
  const { planned_values: planned, variables, configuration } = parseOutput(plannedValuesSchema, stdout)
  const declared = configuration.root_module.variables
  const isSensitive = (name: string) => declared[name]?.sensitive !== false
  const shown = Object.entries(variables).filter(([name]) => !isSensitive(name))
  const sensitive = Object.keys(variables).filter(isSensitive)
  return { outputs: valuesOf(planned.outputs), variables: { values: valuesOf(Object.fromEntries(shown)), sensitive } }
}

const valuesOf = (named: Record<string, { value?: unknown }>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(named).map(([name, { value }]) => [name, value]))

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

/** Takes a lock away, by its id. @throws CliError `unavailable` when terraform refuses */
export async function forceUnlock(terraform: Terraform, id: string): Promise<void> {
  const { stderr, exitCode } = await run(terraformProgram(), ['force-unlock', '-force', '-no-color', id], { ...options(terraform), accept: 'any' })
  if (exitCode === 0) return
  throw new CliError('unavailable', 'terraform force-unlock failed; the state is still locked.', {
    fix: 'It takes the permission to delete the lock file (s3:DeleteObject); fix the cause and run the same command again.',
    cause: plain(stderr),
  })
}

/**
 * Takes something that exists over into the state; another plan or apply must not go on meanwhile.
 * @returns whether it exists @throws CliError
 */
export async function importResource(terraform: Terraform, address: string, id: string): Promise<boolean> {
  const files = terraform.varFiles.map((each) => `-var-file=${each}`)
  const args = ['import', '-input=false', '-no-color', ...lockWait(terraform), ...files, address, id]
  const { stdout, stderr, exitCode } = await run(terraformProgram(), args, { ...options(terraform), accept: 'any' })
  if (exitCode === 0 || stderr.includes('already managed by Terraform')) return true
  if (/Cannot import non-existent remote object|couldn't find resource|NotFound/.test(stderr)) return false
  const cause = plain(stderr || stdout)
  throw new CliError('unavailable', `${address} could not be taken over (${id}).`, { cause, fix: 'Fix the cause and run the same command again: what was taken over stays so.' })
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

/** @returns the failure of an apply that did everything nonetheless; any other is thrown */
async function runJson(terraform: Terraform, command: 'plan' | 'apply', args: string[], say: Say, accept = [0]) {
  const messages: Message[] = []
  const read = (line: string, tell: Say) => {
    terraform.log?.write(line)
    const message = readMessage(line)
    if (!message) return
    messages.push(message)
    if (message.type !== 'outputs' && message.type !== 'version') tell(message['@message'])
    terraform.onMessage?.(message)
  }
  const start = (onLine: Say, more: RunOptions) => run(terraformProgram(), args, { ...options(terraform), ...more, onLine: (line) => read(line, onLine), accept })
  return withRecord(terraform, async () => {
    try {
      const { exitCode } = await patiently(terraform, command, say, start)
      return { messages, exitCode, failure: undefined }
    } catch (error) {
      if (!(error instanceof ProgramError)) throw error
      const { result } = error
      const diagnostics = messages.flatMap(({ diagnostic }) => (diagnostic?.severity === 'error' ? [diagnostic] : []))
      const failure: Failure = { command, diagnostics, said: result.stderr || result.stdout, signal: result.signal }
      if (command === 'apply' && (onlyLockIsLeft(failure) || onlyStateIsUnsaved(failure))) return { messages, exitCode: result.exitCode, failure }
      throw await explainFailure(failure, terraform)
    }
  })
}

const endAfterSeconds = 10

/**
 * Says every half minute that terraform says nothing, and since when. An interrupted init or plan, which has nothing to
 * save, is ended when it does not end itself; an apply never is.
 */
async function patiently<Result>(terraform: Terraform, command: 'init' | 'plan' | 'apply', say: Say, work: (onLine: Say, more: RunOptions) => Promise<Result>): Promise<Result> {
  const { tell = () => {}, silenceSeconds = 30 } = terraform
  let spoken = performance.now()
  let last = ''
  let isEnded = false
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - spoken) / 1000)
    tell(`  terraform ${command} has said nothing for ${seconds} s${last ? `, since: ${last}` : ''}. It may wait for the state's bucket, or a provider for AWS.`)
  }, silenceSeconds * 1000)
  const onLine = (line: string) => {
    spoken = performance.now()
    last = line
    timer.refresh()
    say(line)
  }
  const more = command === 'apply' ? {} : { killAfterSeconds: endAfterSeconds, onKill: () => void (isEnded = true) }
  try {
    return await work(onLine, more)
  } catch (error) {
    if (!isEnded || error !== interruption.reason) throw error
    const { message, exitCode } = error as CliError
    const left = command === 'plan' ? ' The lock of the state may be left; nothing was changed.' : ''
    throw new CliError('interrupted', `${message} terraform ${command} did not end within ${endAfterSeconds} s and was ended.${left}`, { exitCode })
  } finally {
    clearInterval(timer)
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
