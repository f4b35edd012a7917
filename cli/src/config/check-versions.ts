import { readConstant, type ConfigurationFile, type Placed } from './configuration-file.ts'
import type { Report } from './findings.ts'
import type { Attribute, Block, Expression } from './hcl/tree.ts'
import { findAllowed, readConstraint } from './version-constraint.ts'

/** Terraform 1.10 is the first whose S3 backend knows use_lockfile. */
const firstWithLockfile: [number, number, number] = [1, 10, 0]

/** Checks required_version and the providers' versions; the place of the first required_version, if there is one. */
export function checkVersions(
  files: ConfigurationFile[],
  useLockfile: boolean,
  report: Report,
): Placed['at'] | undefined {
  let first: Placed['at'] | undefined
  for (const { source, body } of files) {
    for (const terraform of body.blocks.filter(({ type }) => type === 'terraform')) {
      for (const { value } of terraform.body.attributes.filter(({ name }) => name === 'required_version')) {
        const placed = readConstant(source, value, 'versions', report)
        first ??= placed.at
        checkRequiredVersion(placed, useLockfile, report)
      }
      for (const value of providerVersions(terraform))
        checkConstraint(readConstant(source, value, 'versions', report), report)
    }
  }
  return first
}

function checkRequiredVersion(placed: Placed, useLockfile: boolean, report: Report): void {
  const comparisons = checkConstraint(placed, report)
  if (!comparisons || !useLockfile) return
  const allowed = findAllowed(comparisons, firstWithLockfile)
  const fix = 'Write required_version = ">= 1.11".'
  if (!allowed.since) {
    report(
      'versions/no-lockfile',
      placed.at,
      'No allowed version of Terraform knows use_lockfile, which came with 1.10.',
      fix,
    )
  } else if (allowed.before) {
    const message = 'This allows versions of Terraform before 1.10, which do not know use_lockfile.'
    report('versions/no-lockfile', placed.at, message, fix, 'warning')
  }
}

function checkConstraint({ value, at }: Placed, report: Report): ReturnType<typeof readConstraint> {
  const comparisons = typeof value === 'string' ? readConstraint(value) : undefined
  if (!comparisons && typeof value !== 'symbol') {
    report(
      'versions/constraint',
      at,
      'This version constraint cannot be parsed.',
      'Write it like ">= 1.11" or "~> 5.100".',
    )
  }
  return comparisons
}

/** Every `version` in required_providers, in both of its forms. */
function providerVersions(terraform: Block): Expression[] {
  const providers: Attribute[] = terraform.body.blocks
    .filter(({ type }) => type === 'required_providers')
    .flatMap(({ body }) => body.attributes)
  return providers.flatMap(({ value }) => {
    if (value.kind !== 'object') return [value]
    return value.entries
      .filter(({ key }) => key.kind === 'literal' && key.value === 'version')
      .map((entry) => entry.value)
  })
}
