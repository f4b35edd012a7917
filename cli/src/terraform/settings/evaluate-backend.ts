import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findNearest } from '../../platform/nearest.ts'
import type { Project } from '../../platform/project.ts'
import { askTerraform, showPlannedValues, type Diagnostic } from '../terraform.ts'
import { describeDiagnostic } from './describe-diagnostic.ts'
import { blank, type Item } from './items.ts'
import { backendFile, startOf, type ConfigurationFile, type ProjectFiles } from './read-files.ts'
import { brokenPart, draftOf, itemsAt, takeOut, withScratch, writeDrafts, type Draft } from './scratch.ts'
import type { At, Report } from './source.ts'

const maxRounds = 30
const blockFile = 'backend-block.tfvars'

/** A `backend "s3"` block, with the file that it is in. */
export type BackendBlock = { file: ConfigurationFile; item: Item }

/** What becomes of a backend is decided by the last block: an override file's takes the place of another. */
export function findBackendBlock(files: ConfigurationFile[]): BackendBlock | undefined {
  return files.flatMap((file) => {
    const backends = file.items.filter(({ name }) => name === 'terraform').flatMap(({ items }) => items.filter(({ name }) => name === 'backend'))
    // In JSON, "s3" is a property.
    return backends.flatMap((item) => (item.labels[0] === 's3' ? item : item.items.filter(({ name }) => name === 's3'))).map((item) => ({ file, item }))
  }).at(-1)
}

/**
 * Lets Terraform check s3.tfbackend and the block that it completes, without any network: the last thing that the S3
 * backend reads before it looks for credentials is a file of certificates, and the one named here does not exist.
 * It is asked again without each argument that it has refused.
 * @returns the arguments that fargate-ctl reads: null when not set, undefined when a mistake hides the value
 */
export function evaluateBackend(project: Project, files: ProjectFiles, block: BackendBlock, report: Report): Promise<Record<string, unknown> | undefined> {
  const { backend } = files
  if (!backend) return Promise.resolve(undefined)
  return withScratch(project, async (folder) => {
    const evaluation: Evaluation = { project, folder, block, file: draftOf(backend), given: {}, refused: new Set(), report, warned: new Set() }
    const configuration = files.terraform.map(draftOf)
    await keepBackend(configuration)
    await writeDrafts(folder, configuration)
    await checkBlockNames(evaluation)
    for (let round = 0; round < maxRounds; round++) {
      const diagnostics = await askInit(evaluation)
      await warn(evaluation, diagnostics)
      const errors = diagnostics.filter(({ severity }) => severity === 'error')
      if (errors.every(isPassed)) return withoutRefused(evaluation, withRegion(await readArguments(evaluation)))
      if (!(await settle(evaluation, errors.filter((error) => !isPassed(error))))) return undefined
    }
    return undefined
  })
}

type Evaluation = {
  project: Project
  folder: string
  block: BackendBlock
  file: Draft
  /** Stand-ins for arguments that are missing or were taken out, and without which Terraform says nothing more. */
  given: Record<string, string>
  /** Arguments that have no value because of a mistake; mistyped ones by the name that is meant. */
  refused: Set<string>
  report: Report
  warned: Set<string>
}

const noSuchFile = '/fargate-ctl/no-such-file.pem'
const isPassed = ({ summary, detail }: Diagnostic) => `${summary} ${detail}`.includes(noSuchFile)
const standIns: Record<string, string> = { bucket: 'stand-in', key: 'stand-in', region: 'us-east-1' }

async function keepBackend(configuration: Draft[]): Promise<void> {
  for (const draft of configuration) {
    const others = draft.items.flatMap((item) =>
      item.name === 'terraform' ? item.items.filter(({ name }) => !['backend', 'cloud'].includes(name)) : [item],
    )
    await takeOut(draft, others)
  }
}

/** Runs `terraform init` up to the network. @param before files of arguments, which those of s3.tfbackend go over */
async function askInit({ folder, file, given }: Evaluation, before: string[] = []): Promise<Diagnostic[]> {
  await writeDrafts(folder, [file])
  await rm(join(folder, '.terraform'), { recursive: true, force: true })
  const last = Object.entries({ ...given, custom_ca_bundle: noSuchFile }).map(([name, value]) => `${name}=${value}`)
  const configs = [...before, backendFile, ...last].map((each) => `-backend-config=${each}`)
  return askTerraform(folder, ['init', '-json', '-input=false', '-reconfigure', '-test-directory=no-tests', ...configs], { AWS_EC2_METADATA_DISABLED: 'true' })
}

/** Terraform overlooks what it does not know in the block, once s3.tfbackend sets anything. */
async function checkBlockNames(evaluation: Evaluation): Promise<void> {
  const { file, item } = evaluation.block
  const text = blockArguments(evaluation.block)
  if (text === undefined || item.items.length === 0) return
  await writeFile(join(evaluation.folder, blockFile), text)
  const diagnostics = await askInit({ ...evaluation, given: standIns }, [blockFile])
  const names = ['Unsupported argument', 'Unsupported block type']
  for (const error of diagnostics.filter(({ summary, range }) => names.includes(summary) && range?.filename === blockFile)) {
    if (error.range) tell(evaluation, error, { source: file.source, offset: file.source.offsetOf(error.range.start) })
  }
}

/** The block's arguments alone, each where it is. */
function blockArguments({ file, item }: BackendBlock): string | undefined {
  if (file.isJson) return undefined
  const [first] = item.items
  const last = item.items.at(-1)
  if (!first || !last) return ''
  const { text } = file.source
  return blank(blank(text, 0, first.start, false), last.end, text.length, false)
}

async function settle(evaluation: Evaluation, errors: Diagnostic[]): Promise<boolean> {
  const { file } = evaluation
  const before = JSON.stringify([file.text, evaluation.given])
  for (const error of errors) {
    const { range } = error
    if (range?.filename !== backendFile) {
      await settleInBlock(evaluation, error)
      continue
    }
    const offset = file.source.offsetOf(range.start)
    const [item] = itemsAt(file, offset)
    const at = { source: file.source, offset }
    if (!item?.whole) {
      tell(evaluation, error, at, undefined, 'syntax')
      await takeOutArgument(evaluation, undefined, brokenPart(file, offset))
      break
    }
    tell(evaluation, error, at, item.name)
    await takeOutArgument(evaluation, item.name, item)
  }
  return before !== JSON.stringify([file.text, evaluation.given])
}

/** Of a wrong value Terraform names the block: whose it is shows when it is gone. */
async function settleInBlock(evaluation: Evaluation, error: Diagnostic): Promise<void> {
  const { file, project } = evaluation
  const culprit = await findCulprit(evaluation, error)
  const [, missing] = (error.summary.startsWith('Missing') && /"(bucket|key|region)"/.exec(error.detail)) || []
  if (missing && !culprit) {
    tell(evaluation, error, startOf(project, project.backendFile), missing)
    return refuse(evaluation, missing)
  }
  if (!culprit) return tell(evaluation, error, startOf(project, project.backendFile))
  tell(evaluation, error, { source: file.source, offset: culprit.inner.valueStart }, culprit.inner.name)
  await takeOutArgument(evaluation, culprit.item.name, culprit.item)
}

/** The last argument without which Terraform does not say this; of an object, its attribute. */
async function findCulprit(evaluation: Evaluation, { summary, detail }: Diagnostic): Promise<{ item: Item; inner: Item } | undefined> {
  const isGoneWithout = async (item: Item) => {
    const trial = { ...evaluation.file }
    await takeOut(trial, [item])
    const said = await askInit({ ...evaluation, file: trial })
    return !said.some((each) => each.summary === summary && each.detail === detail)
  }
  for (const item of evaluation.file.items.toReversed()) {
    if (!(await isGoneWithout(item))) continue
    for (const inner of item.items.toReversed()) if (await isGoneWithout(inner)) return { item, inner }
    return { item, inner: item }
  }
  return undefined
}

async function takeOutArgument(evaluation: Evaluation, name: string | undefined, part: { start: number; end: number }): Promise<void> {
  const names = name === undefined ? [...evaluation.file.text.slice(part.start, part.end).matchAll(/^\s*([\w-]+)/gm)].map(([, each = '']) => each) : [name]
  await takeOut(evaluation.file, [part])
  for (const each of names) refuse(evaluation, findNearest(each, Object.keys(argumentTypes)) ?? each)
}

function refuse({ refused, given }: Evaluation, name: string): void {
  refused.add(name)
  if (Object.hasOwn(standIns, name)) given[name] = standIns[name] ?? ''
}

function withoutRefused({ refused }: Evaluation, values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !refused.has(name)))
}

async function warn(evaluation: Evaluation, diagnostics: Diagnostic[]): Promise<void> {
  for (const warning of diagnostics.filter(({ summary }) => summary === 'Deprecated Parameter')) {
    if (evaluation.warned.has(warning.detail)) continue
    evaluation.warned.add(warning.detail)
    const culprit = await findCulprit(evaluation, warning)
    const offset = culprit?.item.start ?? 0
    const { message, fix } = describeDiagnostic(warning, 'backend', undefined, '')
    evaluation.report('backend/deprecated-key', { source: evaluation.file.source, offset }, message, fix, 'warning')
  }
}

function tell(evaluation: Evaluation, error: Diagnostic, at: At, name?: string, called?: string): void {
  const { rule, message, fix } = describeDiagnostic(error, 'backend', name, at.source.text.slice(at.offset))
  evaluation.report(called ?? rule, at, message, fix)
}

const argumentTypes = {
  bucket: 'string',
  key: 'string',
  region: 'string',
  encrypt: 'bool',
  kms_key_id: 'string',
  use_lockfile: 'bool',
  dynamodb_table: 'string',
  profile: 'string',
  assume_role: 'any',
}

/** The values as Terraform would merge them: those of the block, of TF_CLI_ARGS_init and of s3.tfbackend, by a plan of variables of the same names. */
async function readArguments({ project, block, file }: Evaluation): Promise<Record<string, unknown>> {
  return withScratch(project, async (folder) => {
    const blocks = Object.entries(argumentTypes).map(([name, type]) =>
      `variable "${name}" {\n  type    = ${type}\n  default = null\n}\n\noutput "${name}" {\n  value     = var.${name}\n  sensitive = true\n}\n`,
    )
    await writeFile(join(folder, 'backend.tf'), blocks.join('\n'))
    await writeDrafts(folder, [file])
    const own = new Set(file.items.map(({ name }) => name))
    const overridden = block.item.items.filter(({ name }) => own.has(name))
    const text = overridden.reduce((rest, { start, end }) => blank(rest, start, end, false), blockArguments(block) ?? '')
    await writeFile(join(folder, blockFile), text)
    const files = [`-var-file=${blockFile}`, ...configArguments(), `-var-file=${backendFile}`]
    const noInputs = Object.fromEntries(Object.keys(process.env).filter((name) => name.startsWith('TF_VAR_') || name === 'TF_CLI_ARGS_plan').map((name) => [name, undefined]))
    await askTerraform(folder, ['plan', '-json', '-input=false', '-lock=false', ...files, '-out=backend.tfplan'], noInputs)
    return (await showPlannedValues(folder, 'backend.tfplan')).outputs
  })
}

/** Without a region of its own the backend takes the environment's. */
function withRegion(values: Record<string, unknown>): Record<string, unknown> {
  const from = values.region ? undefined : ['AWS_REGION', 'AWS_DEFAULT_REGION'].find((name) => process.env[name])
  return from ? { ...values, region: process.env[from], regionFrom: from } : values
}

/** What TF_CLI_ARGS_init adds to the backend, as `plan` takes it. */
function configArguments(): string[] {
  const given = [process.env.TF_CLI_ARGS, process.env.TF_CLI_ARGS_init].join(' ')
  return [...given.matchAll(/(?<=^|\s)["']?--?backend-config[= ]["']?([^\s"']+)/g)].map(([, value = '']) =>
    /^\w+=/.test(value) ? `-var=${value}` : `-var-file=${value}`,
  )
}
