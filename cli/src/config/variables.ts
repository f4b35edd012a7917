import { findElement, readConstant, type ConfigurationFile, type Placed } from './configuration-file.ts'
import type { Report, Source } from './findings.ts'
import { evaluateConstant } from './hcl/evaluate.ts'
import type { Attribute, Block, Expression } from './hcl/tree.ts'
import { convert, readType, type Mismatch, type Type } from './hcl/types.ts'
import { unknown, type Value } from './hcl/values.ts'
import { findNearest } from './nearest.ts'

/** A `variable` block: https://developer.hashicorp.com/terraform/language/block/variable */
export type Variable = {
  name: string
  at: { source: Source; offset: number }
  type: Type
  /** Without a type, TF_VAR_… is taken as it is. */
  typed: boolean
  nullable: boolean
  sensitive: boolean
  default: Placed | undefined
  validations: { condition: Expression; message: Expression | undefined }[]
}

const variableArguments = ['type', 'default', 'description', 'sensitive', 'nullable', 'ephemeral']
const validationArguments = ['condition', 'error_message']

/** All variables of the given files by name; what is wrong with one is reported. */
export function readVariables(files: ConfigurationFile[], report: Report): Map<string, Variable> {
  const variables = new Map<string, Variable>()
  for (const { source, body } of files) {
    for (const block of body.blocks.filter(({ type }) => type === 'variable')) {
      const [name] = block.labels
      const at = { source, offset: block.at }
      if (name === undefined)
        report('variables/name', at, 'This variable has no name.', 'Write it as: variable "NAME" { … }.')
      else if (variables.has(name)) {
        report('variables/duplicate', at, `There is a variable "${name}" already.`, 'Remove one of them.')
      } else variables.set(name, readVariable(name, source, block, report))
    }
  }
  return variables
}

function readVariable(name: string, source: Source, block: Block, report: Report): Variable {
  const given = new Map(block.body.attributes.map((attribute) => [attribute.name, attribute]))
  checkArguments(source, block.body.attributes, variableArguments, report)
  const type = readVariableType(name, source, given.get('type'), report)
  const flag = (argument: string) => {
    const attribute = given.get(argument)
    return attribute && evaluateConstant(attribute.value)
  }
  const variable: Variable = {
    name,
    at: { source, offset: block.at },
    type,
    typed: given.has('type'),
    nullable: flag('nullable') !== false,
    sensitive: flag('sensitive') === true,
    default: undefined,
    validations: block.body.blocks
      .filter(({ type }) => type === 'validation')
      .flatMap((each) => readValidation(source, each, report)),
  }
  const fallback = given.get('default')
  if (!fallback) return isDefaultIntended(block) ? { ...variable, default: unclear(variable.at) } : variable
  const placed = readConstant(source, fallback.value, 'variables', report)
  if (placed.value === null && !variable.nullable) {
    report(
      'variables/default',
      placed.at,
      `The default of "${name}" is null, which nullable = false forbids.`,
      'Give another default, or none.',
    )
  }
  return { ...variable, default: { ...placed, value: convertPlaced(placed, variable, 'variables/default', report) } }
}

/** A default that cannot be read, or is mistyped. */
function isDefaultIntended({ body }: Block): boolean {
  const unknownNames = body.attributes.map(({ name }) => name).filter((name) => !variableArguments.includes(name))
  return (
    body.broken.includes('default') || unknownNames.some((name) => findNearest(name, variableArguments) === 'default')
  )
}

function unclear(at: Placed['at']): Placed {
  return { value: unknown, at, expression: { kind: 'literal', at: at.offset, value: null } }
}

function readVariableType(name: string, source: Source, attribute: Attribute | undefined, report: Report): Type {
  const type = attribute && readType(attribute.value)
  if (attribute && !type) {
    const fix = 'Types are string, number, bool, any, list(…), set(…), map(…), tuple([…]) and object({…}).'
    report(
      'variables/type',
      { source, offset: attribute.value.at },
      `The type of "${name}" is none that Terraform knows.`,
      fix,
    )
  }
  return type ?? { kind: 'any' }
}

function readValidation(source: Source, { at, body }: Block, report: Report): Variable['validations'] {
  checkArguments(source, body.attributes, validationArguments, report)
  const [condition, message] = validationArguments.map(
    (name) => body.attributes.find((attribute) => attribute.name === name)?.value,
  )
  if (condition && message) return [{ condition, message }]
  const missing = condition ? 'error_message' : 'condition'
  if (!body.broken.includes(missing)) {
    report('variables/validation', { source, offset: at }, `The validation has no ${missing}.`, `Add ${missing} = ….`)
  }
  return condition ? [{ condition, message }] : []
}

function checkArguments(source: Source, attributes: Attribute[], known: string[], report: Report): void {
  for (const { name, at } of attributes.filter((attribute) => !known.includes(attribute.name))) {
    const nearest = findNearest(name, known)
    report(
      'variables/unknown-key',
      { source, offset: at },
      `There is no argument "${name}" here.`,
      suggest(nearest, `Use one of ${known.join(', ')}.`),
    )
  }
  reportDuplicates(source, attributes, 'variables', report)
}

export function reportDuplicates(source: Source, attributes: Attribute[], rule: string, report: Report): void {
  const first = new Map<string, number>()
  for (const { name, at } of attributes) {
    const before = first.get(name)
    if (before === undefined) first.set(name, at)
    else
      report(
        `${rule}/duplicate-key`,
        { source, offset: at },
        `"${name}" is set a second time; the first is in line ${source.place(before).line}.`,
        'Remove one of them.',
      )
  }
}

/** "Did you mean …?" when a name is near, otherwise `fallback`. */
export function suggest(nearest: string | undefined, fallback: string): string {
  return nearest === undefined ? fallback : `Did you mean "${nearest}"?`
}

/** Converts a value to a variable's type, and reports each part that does not fit at its own place. */
export function convertPlaced(
  { value, at, expression }: Placed,
  { name, type }: Pick<Variable, 'name' | 'type'>,
  rule: string,
  report: Report,
): Value {
  return convert(value, type, (mismatch) => {
    const offset = findElement(expression, mismatch.path, mismatch.severity === 'warning' ? 'key' : 'value')
    const message = `"${nameElement(name, mismatch.path)}": ${mismatch.message}.`
    report(rule, { source: at.source, offset }, message, describeFix(mismatch, type), mismatch.severity)
  })
}

function nameElement(name: string, path: Mismatch['path']): string {
  return name + path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
}

function describeFix({ path, name, known }: Mismatch, type: Type): string {
  if (name !== undefined) return suggest(findNearest(name, known ?? []), 'Remove it: Terraform ignores it.')
  const wanted = path.length === 0 ? type.kind : undefined
  const examples: Partial<Record<Type['kind'], string>> = {
    bool: 'Write true or false, without quotes.',
    number: 'Write a number, without quotes.',
    string: 'Write a string in double quotes.',
    list: 'Write a list: [ … ].',
    set: 'Write a list: [ … ].',
    map: 'Write a map: { name = value }.',
    object: 'Write an object: { name = value }.',
  }
  return (wanted && examples[wanted]) ?? 'Change the value to what its type asks for.'
}
