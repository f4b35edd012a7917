import type { Diagnostic } from '../terraform.ts'

/** What a finding says of one of Terraform's diagnostics. */
export type Description = { rule: string; message: string; fix: string }

/** Names of rules for what Terraform says most often; others are called after its own summary. */
const rules: Record<string, string> = {
  'Invalid value for variable': 'validation',
  'Invalid value for input variable': 'type',
  'Incorrect attribute value type': 'type',
  'No value for required variable': 'missing-key',
  'Required variable not set': 'missing-key',
  'Missing Required Value': 'missing-key',
  'Missing region value': 'missing-key',
  'Variables not allowed': 'not-literal',
  'Function calls not allowed': 'not-literal',
  'Unsupported argument': 'unknown-key',
  'Unsupported block type': 'block',
  'Variable declaration in .tfvars file': 'block',
  'Attribute redefined': 'duplicate-key',
  'Duplicate attribute definition': 'duplicate-key',
  'Deprecated Parameter': 'deprecated-key',
  'Invalid region value': 'region',
}

/** Arguments that Terraform 1.10 took out of the S3 backend, and where they are now. */
const movedArguments: Record<string, string> = {
  role_arn: 'role_arn',
  session_name: 'session_name',
  external_id: 'external_id',
  assume_role_duration_seconds: 'duration',
  assume_role_policy: 'policy',
  assume_role_policy_arns: 'policy_arns',
  assume_role_tags: 'tags',
  assume_role_transitive_tag_keys: 'transitive_tag_keys',
}

const unsupportedVersion = ['Unsupported Terraform Core version', 'Unsupported OpenTofu Core version']
/** The rule of a required_version that the installed program is not. */
export const versionRule = 'terraform/version'

/**
 * @param area what the file is about, the first part of the rule's name
 * @param name the argument or variable that the diagnostic is about, when it is known
 * @param code the text at its place
 */
export function describeDiagnostic({ summary, detail }: Diagnostic, area: 'backend' | 'inputs', name: string | undefined, code: string): Description {
  if (unsupportedVersion.includes(summary)) return { rule: versionRule, message: `${summary}.`, fix: detail }
  const known = /^Unexpected "[\w-]+" block$/.test(summary) ? 'block' : rules[summary]
  const rule = known ? `${area}/${known}` : `terraform/${kebab(summary)}`
  const special = describeKnown(known, summary, detail.trim(), name, code)
  return { rule, message: special?.message ?? `${summary}.`, fix: special?.fix ?? (oneLine(detail) || 'Change this line.') }
}

function describeKnown(known = '', summary: string, detail: string, name = '', code: string): Omit<Description, 'rule'> | undefined {
  switch (known) {
    case 'validation': {
      const [reason = '', place = ''] = detail.split('This was checked by the validation rule at ')
      return { message: `The value of "${name}" is not valid: ${oneLine(reason)}`, fix: `Change the value; the rule is in ${place.split(',', 1)[0]}.` }
    }
    case 'type':
      return { message: `${summary}: ${oneLine(detail)}`, fix: `Give ${name ? `"${name}"` : 'it'} a value of that type.` }
    case 'missing-key':
      return { message: `"${name}" is missing.`, fix: `Add ${name} = …` }
    case 'not-literal':
      return describeExpression(summary, code)
    case 'unknown-key':
      return describeArgument(detail, code)
    case 'deprecated-key':
      return { message: oneLine(detail), fix: /Use parameter .*/.exec(detail)?.[0] ?? 'Use what takes its place.' }
    case 'region':
      return { message: oneLine(detail), fix: 'Write the code of an AWS region, such as "eu-central-1".' }
    case 'duplicate-key':
      return { message: `${summary}: ${oneLine(detail)}`, fix: 'Remove one of them.' }
    default:
      return summary === 'Ambiguous attribute key' ? { message: 'This key is not in quotes.', fix: describeKey(code) } : undefined
  }
}

/** Where a value is computed, though nothing may be here. */
function describeExpression(summary: string, code: string): Omit<Description, 'rule'> {
  const [reference = ''] = /^[\w-]+(\.[\w-]+)*/.exec(code) ?? []
  if (summary === 'Function calls not allowed') {
    return { message: `Functions such as ${reference} may not be called here.`, fix: 'Write the value itself, or call the function in a local of a .tf file.' }
  }
  const isWord = !reference.includes('.')
  const fix = isWord ? `Write the value itself; a string goes in double quotes: "${reference}".` : 'Write the value itself, or join the values in a local of a .tf file.'
  return { message: `Variables such as ${reference} may not be used here.`, fix }
}

function describeArgument(detail: string, code: string): Omit<Description, 'rule'> {
  const [name = ''] = /^[\w-]+/.exec(code) ?? []
  const message = `There is no argument "${name}" here.`
  const moved = Object.hasOwn(movedArguments, name) ? movedArguments[name] : undefined
  if (moved) return { message, fix: `Write assume_role = { ${moved} = … }: Terraform 1.10 moved it there.` }
  return { message, fix: /Did you mean .*/.exec(detail)?.[0] ?? 'Remove it.' }
}

function describeKey(code: string): string {
  const [key = ''] = /^[\w.-]+/.exec(code) ?? []
  return `Quote the whole key: "${key}".`
}

const oneLine = (text: string) => text.trim().replaceAll(/\s+/g, ' ')
const kebab = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')
