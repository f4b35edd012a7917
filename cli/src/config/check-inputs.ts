import { readConstant, type ConfigurationFile, type Placed } from './configuration-file.ts'
import type { Report } from './findings.ts'
import { evaluateConstant } from './hcl/evaluate.ts'
import { parseWholeExpression } from './hcl/parse.ts'
import { HclSyntaxError } from './hcl/cursor.ts'
import { unknown, type Value } from './hcl/values.ts'
import { findNearest } from './nearest.ts'
import { convertPlaced, reportDuplicates, suggest, type Variable } from './variables.ts'

/** A variable's value and the place to talk about it; `given` in a file. */
export type Input = Placed & { given: boolean }
export type Inputs = Map<string, Input>

/** What the CLI passes itself, and so must not be in a file. */
const passedByDeploy = 'image_tag'

/**
 * The value of every input variable, with Terraform's precedence: files in the given order (the later wins), then
 * TF_VAR_…, then the default.
 * https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
 * @param complete false when a file could not be read throughout, so that nothing is said about what is missing
 */
export function checkInputs(
  files: ConfigurationFile[],
  variables: Map<string, Variable>,
  at: Placed['at'],
  complete: boolean,
  report: Report,
): Inputs {
  const inputs: Inputs = new Map()
  for (const file of files) readFile(file, variables, inputs, report)
  const broken = files.flatMap(({ body }) => body.broken)
  for (const variable of variables.values()) {
    const given = inputs.get(variable.name)
    if (given && !(given.value === null && !variable.nullable)) continue
    const input = readEnvironment(variable, report) ?? (variable.default && { ...variable.default, given: false })
    if (input) inputs.set(variable.name, input)
    else if (given) {
      report(
        'inputs/null',
        given.at,
        `"${variable.name}" cannot be null: it is not nullable and has no default.`,
        'Give it a value.',
      )
    } else if (complete && variable.name !== passedByDeploy && !broken.includes(variable.name)) {
      const message = `"${variable.name}" has no default and is not set.`
      report('inputs/missing-key', at, message, `Add ${variable.name} = … to ${at.source.file}.`)
    }
  }
  return inputs
}

function readFile(
  { source, body }: ConfigurationFile,
  variables: Map<string, Variable>,
  inputs: Inputs,
  report: Report,
): void {
  reportDuplicates(source, body.attributes, 'inputs', report)
  for (const { type, at } of body.blocks) {
    report(
      'inputs/block',
      { source, offset: at },
      `A block ("${type}") is not allowed here: this file sets variables only.`,
      `Write ${type} = ….`,
    )
  }
  for (const { name, at, value } of body.attributes) {
    const variable = variables.get(name)
    const placed = readConstant(source, value, 'inputs', report)
    if (!variable) {
      const fix = suggest(
        findNearest(name, [...variables.keys()]),
        `Remove it, or add variable "${name}" to variables.tf.`,
      )
      report('inputs/unknown-key', { source, offset: at }, `There is no variable "${name}".`, fix)
      continue
    }
    inputs.set(name, { ...placed, value: convertPlaced(placed, variable, 'inputs/type', report), given: true })
    if (name === passedByDeploy) {
      const message =
        'image_tag is set in a file; Terraform prefers that to the tag that deploy passes in TF_VAR_image_tag.'
      report('inputs/image-tag', { source, offset: at }, message, 'Remove it: deploy chooses the tag.', 'warning')
    }
  }
}

function readEnvironment(variable: Variable, report: Report): Input | undefined {
  const text = process.env[`TF_VAR_${variable.name}`]
  if (text === undefined) return undefined
  const { at } = variable
  const reportFromEnvironment: Report = (rule, _at, message, fix, severity) =>
    report(rule, at, `TF_VAR_${variable.name} in the environment: ${message}`, fix, severity)
  const value = readEnvironmentValue(text, variable, reportFromEnvironment)
  const placed: Placed = { value, at, expression: { kind: 'literal', at: at.offset, value: text } }
  return { ...placed, value: convertPlaced(placed, variable, 'inputs/type', reportFromEnvironment), given: false }
}

/** Primitive and untyped variables take the text as it is, others an expression. */
function readEnvironmentValue(text: string, { type, typed, at }: Variable, report: Report): Value {
  if (!typed || ['string', 'number', 'bool'].includes(type.kind)) return text
  try {
    return evaluateConstant(parseWholeExpression(text))
  } catch (error) {
    if (!(error instanceof HclSyntaxError)) throw error
    report('inputs/environment', at, 'this is no value in HCL.', 'Write it as in a .tfvars file, such as ["a", "b"].')
    return unknown
  }
}
