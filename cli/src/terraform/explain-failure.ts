import { existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import { typedPath } from '../platform/project.ts'
import { findHolder } from './holder.ts'
import { dataFolder, installHint, typedTerraform } from './program.ts'
import type { Diagnostic, Terraform } from './terraform.ts'

/** How a command of terraform failed. `said`: all that it printed, where no diagnostic tells. */
export type Failure = { command: 'plan' | 'apply'; diagnostics: Diagnostic[]; said: string; signal?: string | undefined }

const wrongVersion = 'Unsupported Terraform Core version'
const notLocked = 'Error acquiring the state lock'
const notReleased = 'Error releasing the state lock'
/** Where terraform keeps a state that it could not write, whatever its environment. */
const unsavedState = 'errored.tfstate'
const notSaved = ['Failed to save state', 'Failed to persist state to backend', 'Failed to create local state file', 'Failed to serialize state for local recovery']
/** What AWS or the network said: no mistake of the configuration. */
const outOfReach = /StatusCode: (?:0|403|429|5\d\d)|api error|AccessDenied|Throttl|RequestError|dial tcp|i\/o timeout|no such host|No valid credential|ExpiredToken|no space left on device|read-only file system|^error loading state|^Unsupported state file format|plugin (?:process exited|did not respond)|Failed to (?:load|read) (?:plugin|state)/im

/** Whether an apply did all that it should, and only its lock is left. */
export const onlyLockIsLeft = ({ diagnostics, signal }: Failure) => !signal && diagnostics.length > 0 && diagnostics.every(({ summary }) => summary === notReleased)

/** Whether an apply did all that it should, and only its state could not be written. */
export const onlyStateIsUnsaved = ({ diagnostics, signal }: Failure) =>
  !signal && diagnostics.some(({ summary }) => notSaved.includes(summary)) && diagnostics.every(({ summary }) => [...notSaved, notReleased].includes(summary))

/** Makes what terraform says an error that tells what is left behind and what to do. */
export async function explainFailure(failure: Failure, terraform: Terraform): Promise<CliError> {
  const { command, diagnostics, said, signal } = failure
  const find = (...summaries: string[]) => diagnostics.find(({ summary }) => summaries.includes(summary))
  const lock = find(notLocked)
  if (lock) return explainLock(lock.detail, terraform)
  const wrong = find(wrongVersion)
  if (wrong) return wrongVersionError(formatDiagnostic(wrong))
  if (find(...notSaved)) return unsavedError(failure, terraform)
  if (onlyLockIsLeft(failure)) return lockLeftError(failure)
  const cause = diagnostics.map(formatDiagnostic).join('\n') || plain(said)
  const taken = findTaken(diagnostics, terraform)
  if (taken) return new CliError('deploymentFailed', taken.message, { fix: taken.fix, cause })
  if (signal) return endedError(command, signal, cause)
  if (command === 'apply') return new CliError('deploymentFailed', 'terraform apply failed.', { fix: 'Fix the cause and run the same command again.', cause })
  const isMistake = diagnostics.some((each) => !outOfReach.test(`${each.summary}\n${each.detail}`))
  const fix = isMistake ? 'Fix the cause and run the same command again.' : reachFix(diagnostics)
  return new CliError(isMistake ? 'usage' : 'unavailable', 'terraform plan failed.', { fix, cause })
}

export const hasWrongVersion = (text: string) => text.includes(wrongVersion)

export function wrongVersionError(cause: string): CliError {
  return new CliError('unavailable', 'This Terraform is not one that the configuration asks for.', { fix: installHint, cause })
}

/** Before anything else: a new apply would make a second state beside the one that could not be written. @throws CliError `usage` */
export function refuseUnsavedState(terraform: Terraform): void {
  const { folder, varFiles } = terraform
  const left = [unsavedName(terraform), unsavedState].find((name) => existsSync(join(folder, name)))
  if (!left) return
  const isAnothers = left !== unsavedName(terraform) && varFiles.length > 0
  throw new CliError('usage', `${typedPath(join(folder, left))} holds the state of an earlier apply that could not be written: another one would not know what that one made.`, {
    fix: isAnothers ? 'Its outputs say which environment it is of. Push it there: terraform state push' : pushCommand(terraform),
  })
}

/** An environment's is renamed, so that it is never pushed to another. */
const unsavedName = ({ varFiles: [file] }: Terraform) => (file ? `errored.${basename(dirname(file))}.tfstate` : unsavedState)

/** @returns whether there is one */
async function keepUnsaved(terraform: Terraform): Promise<boolean> {
  const [from, to] = [unsavedState, unsavedName(terraform)].map((name) => join(terraform.folder, name)) as [string, string]
  if (from !== to && existsSync(from)) await rename(from, to)
  return existsSync(to)
}

const pushCommand = (terraform: Terraform) => {
  const name = unsavedName(terraform)
  return `${typedTerraform(terraform)} state push ${name} && rm ${typedPath(join(terraform.folder, name))}`
}

/** What terraform has written beside the configuration. */
const unsavedSchema = z.looseObject({ outputs: z.record(z.string(), z.looseObject({ value: z.unknown() })).default({}) })

/** The outputs of a state that could not be written. None where it is not there. */
export async function readUnsavedOutputs(terraform: Terraform): Promise<Record<string, unknown>> {
  const file = join(terraform.folder, unsavedName(terraform))
  const { data } = unsavedSchema.safeParse(await readFile(file, 'utf8').then(JSON.parse).catch(() => undefined))
  return Object.fromEntries(Object.entries(data?.outputs ?? {}).map(([name, { value }]) => [name, value]))
}

async function unsavedError({ diagnostics }: Failure, terraform: Terraform): Promise<CliError> {
  const cause = diagnostics.filter(({ summary }) => summary !== 'Failed to persist state to backend').map(formatDiagnostic).join('\n')
  const file = typedPath(join(terraform.folder, unsavedName(terraform)))
  if (await keepUnsaved(terraform)) {
    const fix = `Do not apply again before this: ${pushCommand(terraform)}`
    return new CliError('unavailable', `Terraform has applied, but its state could not be written; it is kept in ${file}.`, { fix, cause })
  }
  return new CliError('unavailable', `Terraform has applied, but its state could be written neither to the bucket nor to ${file}: it is lost.`, {
    fix: `Make ${typedPath(terraform.folder)}/ writable and the bucket reachable, and import what was made (terraform import) before the next apply, which would make it twice.`,
    cause,
  })
}

function lockLeftError({ command, diagnostics }: Failure): CliError {
  const [{ detail = '' } = {}] = diagnostics
  const done = command === 'plan' ? 'The plan was made and nothing was changed' : 'Terraform has applied and saved its state'
  return new CliError('unavailable', `${done}, but the lock of the state could not be released: it is left.`, {
    fix: `${unlockCommand(readLock(detail).id)}; the permission for it is s3:DeleteObject on the lock's object.`,
    cause: /Error message: (.+)/.exec(detail)?.[1],
  })
}

const inEnvironment = () => (process.env.FARGATE_CTL_ENV ? ` --env ${process.env.FARGATE_CTL_ENV}` : '')

const unlockCommand = (id: string | undefined) => `fargate-ctl unlock ${id ?? ''}`.trim() + inEnvironment()

/** Who holds the lock stands in the detail, as `  ID:  …` lines. */
function readLock(detail: string) {
  const fields = new Map([...detail.matchAll(/^\s*(\w+):(.+)$/gm)].map(([, name, value = '']) => [name, value.trim()]))
  const field = (name: string) => fields.get(name) || undefined
  return { id: field('ID'), who: field('Who'), created: field('Created'), operation: field('Operation') }
}

/** As terraform writes it: `2026-11-26 04:04:27.544678329 +0000 UTC`. */
const readTime = (text = '') => new Date(text.replace(/^(\S+) (\d\d:\d\d:\d\d)(?:\.\d+)? .*$/, '$1T$2Z'))

async function explainLock(detail: string, terraform: Terraform): Promise<CliError> {
  const { id, who, created, operation } = readLock(detail)
  const message = /Error message: (.+)/.exec(detail)?.[1]
  const object = await lockObject(terraform)
  if (!id && /LockInfo/.test(detail)) {
    return new CliError('unavailable', 'The lock of the state is no lock that can be read: its object is empty or damaged. Nothing was changed.', {
      fix: `If no other run goes on, delete the object: aws s3 rm ${object}`,
      cause: /LockInfo struct: (.+)/.exec(detail)?.[1],
    })
  }
  if (!id) {
    const isDenied = /StatusCode: 403|AccessDenied/.test(message ?? '')
    return new CliError('unavailable', 'The lock of the state could not be taken, and nobody holds it; nothing was changed.', {
      fix: isDenied ? `Ask for the permissions s3:PutObject, s3:GetObject and s3:DeleteObject on ${object}.` : 'Run the same command again; if it stays so, look at the bucket and the network.',
      cause: message ?? plain(detail),
    })
  }
  const holder = [who && `held by ${who}`, created && `since ${created}`, operation].filter(Boolean).join(', ')
  return new CliError('stateLocked', `The state is locked (lock ${id}); nothing was changed.`, {
    fix: `Wait for that run to end. Only if it is certain that it no longer runs: ${unlockCommand(id)}`,
    cause: `${holder || plain(detail)}\n${(await findHolder(who, readTime(created), terraform)).evidence}`,
  })
}

const initializedSchema = z.looseObject({ backend: z.looseObject({ config: z.looseObject({ bucket: z.string(), key: z.string() }) }) })

/** Where the S3 backend keeps the lock: https://developer.hashicorp.com/terraform/language/backend/s3#state-locking */
async function lockObject({ folder, env }: Terraform): Promise<string> {
  const file = join(dataFolder(folder, env), 'terraform.tfstate')
  const { data } = initializedSchema.safeParse(await readFile(file, 'utf8').then(JSON.parse).catch(() => undefined))
  if (!data) return "the object of the backend's key with .tflock at its end"
  return `s3://${data.backend.config.bucket}/${data.backend.config.key}.tflock`
}

function endedError(command: string, signal: string, cause: string): CliError {
  const isApply = command === 'apply'
  return new CliError(isApply ? 'deploymentFailed' : 'unavailable', `terraform ${command} was ended by ${signal}, and its lock is likely to be left.`, {
    fix: `Run the same command again: it says whose lock is left, and how to release it.${isApply ? ' What was made and not saved, it names.' : ''}`,
    cause: cause.split('\n').slice(-lastWords).map(readable).join('\n') || undefined,
  })
}

/** What a killed program said before tells little of its end. */
const lastWords = 3

/** A line of the machine-readable UI in its own words. */
function readable(line: string): string {
  return /"@message":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replaceAll('\\"', '"') ?? line
}

function reachFix(diagnostics: Diagnostic[]): string {
  const text = diagnostics.map(({ summary, detail }) => `${summary}\n${detail}`).join('\n')
  if (/no space left on device/.test(text)) return 'Free disk space (TMPDIR says where), and run the same command again.'
  if (/Unsupported state file format/.test(text)) return "The state in the bucket is damaged: take an earlier version of its object back (aws s3api list-object-versions shows them)."
  if (/StatusCode: 403|AccessDenied/.test(text)) return 'Ask for the permission that the cause names, or use another profile or role.'
  return 'Nothing was changed: run the same command again when the cause is gone.'
}

/** What makes an id of a name, for resources whose id is none. */
const ids: Record<string, (name: string) => string> = {
  aws_lb: (name) => `"$(aws elbv2 describe-load-balancers --names ${name} --query 'LoadBalancers[0].LoadBalancerArn' --output text)"`,
  aws_lb_target_group: (name) => `"$(aws elbv2 describe-target-groups --names ${name} --query 'TargetGroups[0].TargetGroupArn' --output text)"`,
  aws_security_group: (name) => `"$(aws ec2 describe-security-groups --filters Name=group-name,Values=${name} --query 'SecurityGroups[0].GroupId' --output text)"`,
}

const alreadyThere = /already exists|AlreadyExists|Duplicate(?:LoadBalancer|TargetGroup)Name|InvalidGroup\.Duplicate|was not idempotent|same name .* exists/i

/** What an apply wanted to make and found there: most often what a killed one has left behind. */
function findTaken(diagnostics: Diagnostic[], terraform: Terraform): { message: string; fix: string } | undefined {
  const taken = diagnostics.filter(({ summary, detail, address }) => address && alreadyThere.test(`${summary} ${detail}`))
  if (taken.length === 0) return undefined
  const files = terraform.varFiles.map((each) => `-var-file=${each} `).join('')
  const commands = taken.map(({ summary, detail, address = '' }) => {
    const type = /(?:^|\.)(aws_\w+)\.[^.]+$/.exec(address)?.[1] ?? ''
    const name = /\(([^)\s]+)\)/.exec(summary)?.[1] ?? /(?:named?|group|Role|repository) '?([\w./-]+)'? (?:already )?exists/i.exec(`${summary} ${detail}`)?.[1] ?? '<its id>'
    return `${typedTerraform(terraform)} import ${files}'${address}' ${ids[type]?.(name) ?? name}`
  })
  const addresses = taken.map(({ address }) => address).join(', ')
  return {
    message: `AWS has already what Terraform wanted to make, and its state does not know it: ${addresses}. An apply that was killed leaves that behind.`,
    fix: [`Take it over, and run the same command again: fargate-ctl adopt${inEnvironment()}`, 'Or one by one, if it is of this project (see its tags):', ...commands].join('\n'),
  }
}

export function formatDiagnostic({ summary, detail, address, range }: Diagnostic): string {
  const place = range ? `${range.filename}:${range.start.line}:${range.start.column}: ` : ''
  return [`${place}${summary}${address ? ` (${address})` : ''}`, detail.trim()].filter(Boolean).join('\n')
}

/** Without the box that terraform draws around its errors. */
export function plain(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^[╷│╵]\s?/, '').trimEnd())
    .filter((line) => line !== '')
    .slice(-20)
    .join('\n')
}
