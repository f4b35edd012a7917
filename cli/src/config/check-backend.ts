import { checkBucketName, checkRegion, checkStateKey, type Verdict } from './aws-rules.ts'
import { backendArguments, conflictingArguments, deprecatedArguments } from './backend-schema.ts'
import { readConstant, type ConfigurationFile, type Placed } from './configuration-file.ts'
import type { Report } from './findings.ts'
import type { Attribute, Body } from './hcl/tree.ts'
import { unknown, type Value } from './hcl/values.ts'
import { findNearest } from './nearest.ts'
import { convertPlaced, reportDuplicates, suggest } from './variables.ts'

/** The S3 backend's arguments: those of the `backend "s3"` block, with those of s3.tfbackend over them. */
export type Backend = Map<string, Placed>

const valueRules: Record<string, (text: string) => Verdict | undefined> = {
  bucket: checkBucketName,
  key: checkStateKey,
  region: checkRegion,
}
const credentials = ['access_key', 'secret_key', 'token']

/**
 * Checks the backend: the block in a .tf file and s3.tfbackend.
 * @param file s3.tfbackend, when it could be read
 * @param at where to report what is missing
 */
export function checkBackend(
  file: ConfigurationFile | undefined,
  terraformFiles: ConfigurationFile[],
  at: Placed['at'],
  report: Report,
): Backend {
  const backend: Backend = new Map()
  const block = findBackendBlock(terraformFiles)
  if (block) readArguments(block.file, block.body, backend, report)
  const fromBlock = [...backend.keys()]
  if (file) readArguments(file, file.body, backend, report)
  for (const name of fromBlock) {
    const before = block?.body.attributes.find((attribute) => attribute.name === name)
    if (block && before && file?.body.attributes.some((attribute) => attribute.name === name)) {
      const message = `"${name}" is set here and in s3.tfbackend, which wins.`
      report(
        'backend/repeated-key',
        { source: block.file.source, offset: before.at },
        message,
        'Remove it here.',
        'warning',
      )
    }
  }
  checkValues(backend, report)
  if (file) checkMissing(backend, findIntended([file.body, block?.body]), at, report)
  return backend
}

/** What somebody tried to set: arguments that cannot be read, blocks in an argument's place and mistyped names. */
function findIntended(bodies: (Body | undefined)[]): string[] {
  return bodies.flatMap((body) => {
    if (!body) return []
    const unknownNames = body.attributes
      .map(({ name }) => name)
      .filter((name) => !Object.hasOwn(backendArguments, name))
    return [
      ...body.broken,
      ...body.blocks.map(({ type }) => type),
      ...unknownNames.flatMap((name) => nearestArgument(name) ?? []),
    ]
  })
}

/** The first `backend "s3"` block. */
export function findBackendBlock(files: ConfigurationFile[]): { file: ConfigurationFile; body: Body } | undefined {
  for (const file of files) {
    for (const terraform of file.body.blocks.filter(({ type }) => type === 'terraform')) {
      const block = terraform.body.blocks.find(({ type, labels }) => type === 'backend' && labels[0] === 's3')
      if (block) return { file, body: block.body }
    }
  }
  return undefined
}

function readArguments({ source }: ConfigurationFile, body: Body, backend: Backend, report: Report): void {
  reportDuplicates(source, body.attributes, 'backend', report)
  for (const { type, at } of body.blocks) {
    const known = type in backendArguments
    const fix = known
      ? `Write it with an equals sign: ${type} = { … }.`
      : 'Remove it: s3.tfbackend sets arguments only.'
    report('backend/block', { source, offset: at }, `A block ("${type}") is not allowed here.`, fix)
  }
  for (const attribute of body.attributes) {
    const placed = readArgument(source, attribute, report)
    if (placed) backend.set(attribute.name, placed)
  }
}

function readArgument(
  source: Placed['at']['source'],
  { name, at, value }: Attribute,
  report: Report,
): Placed | undefined {
  const type = Object.hasOwn(backendArguments, name) ? backendArguments[name] : undefined
  const placed = readConstant(source, value, 'backend', report)
  if (!type) {
    const fix = suggest(nearestArgument(name), 'Remove it; the S3 backend has no such argument.')
    report('backend/unknown-key', { source, offset: at }, `The S3 backend has no argument "${name}".`, fix)
    return undefined
  }
  const instead = deprecatedArguments[name]
  if (instead)
    report(
      'backend/deprecated-key',
      { source, offset: at },
      `"${name}" is deprecated.`,
      `Write ${instead} instead.`,
      'warning',
    )
  const converted = convertPlaced(placed, { name, type }, 'backend/type', report)
  return { ...placed, value: converted }
}

const nearestArgument = (name: string) => findNearest(name, Object.keys(backendArguments))

function checkValues(backend: Backend, report: Report): void {
  const skipRegion = backend.get('skip_region_validation')?.value === true
  for (const [name, check] of Object.entries(valueRules)) {
    const argument = backend.get(name)
    if (typeof argument?.value !== 'string' || (name === 'region' && (skipRegion || argument.value === ''))) continue
    const verdict = check(argument.value)
    if (verdict) report(`backend/${name}`, argument.at, verdict.message, verdict.fix, verdict.severity)
  }
  const prefix = backend.get('workspace_key_prefix')
  if (typeof prefix?.value === 'string' && /^\/|\/$/.test(prefix.value)) {
    report(
      'backend/workspace_key_prefix',
      prefix.at,
      'The prefix cannot begin or end with a slash.',
      'Remove the slash.',
    )
  }
  for (const [one, other] of conflictingArguments) {
    const both = [backend.get(one), backend.get(other)].filter(
      (argument) => argument !== undefined && argument.value !== null,
    )
    const second = both[1]
    if (second)
      report('backend/conflict', second.at, `"${one}" and "${other}" cannot be used together.`, 'Remove one of them.')
  }
  for (const name of credentials) {
    const argument = backend.get(name)
    if (!argument || argument.value === null || argument.value === '') continue
    const fix = 'Remove it; let the AWS SDK find credentials (a profile, SSO, or OIDC in CI).'
    report('backend/credentials', argument.at, `"${name}" puts credentials into a file.`, fix, 'warning')
  }
}

function checkMissing(backend: Backend, intended: string[], at: Placed['at'], report: Report): void {
  const valueOf = (name: string) => (intended.includes(name) ? unknown : backend.get(name)?.value)
  const add = (name: string, example: string) =>
    report('backend/missing-key', at, `"${name}" is missing.`, `Add ${name} = "${example}" to ${at.source.file}.`)
  if (isNothing(valueOf('bucket'))) add('bucket', 'my-terraform-state')
  if (isNothing(valueOf('key'))) add('key', 'webapp/dev/terraform.tfstate')
  if (valueOf('region') !== unknown && !readBackendRegion(backend)) add('region', 'eu-central-1')

  const lockfile = valueOf('use_lockfile')
  if (lockfile !== true && lockfile !== unknown && !isGiven(valueOf('dynamodb_table'))) {
    const place = backend.get('use_lockfile')?.at ?? at
    report(
      'backend/no-locking',
      place,
      'The state is not locked: two runs at a time can destroy it.',
      'Set use_lockfile = true.',
      'warning',
    )
  }
  const encrypt = valueOf('encrypt')
  if (encrypt !== true && encrypt !== unknown) {
    const place = backend.get('encrypt')?.at ?? at
    report(
      'backend/no-encryption',
      place,
      'The state is written without asking for encryption.',
      'Set encrypt = true.',
      'warning',
    )
  }
}

const isNothing = (value: Value | undefined) => value === undefined || value === null
const isGiven = (value: Value | undefined) => !isNothing(value) && value !== ''

/** The state bucket's region: as written, or from the environment as Terraform falls back. */
export function readBackendRegion(backend: Backend): string | undefined {
  const written = backend.get('region')?.value
  if (typeof written === 'string' && written !== '') return written
  return process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || undefined
}
