import type { ConfigurationFile } from './configuration-file.ts'
import type { Finding, Source } from './findings.ts'
import { HclSyntaxError } from './hcl/cursor.ts'
import { findReference } from './hcl/evaluate.ts'
import { parseWholeExpression } from './hcl/parse.ts'
import type { Attribute, Expression } from './hcl/tree.ts'

/**
 * Parses a .tfvars.json file; its strings mean what they say, without templates.
 * https://developer.hashicorp.com/terraform/language/syntax/json
 */
export function parseJsonInputs(source: Source, findings: Finding[]): ConfigurationFile {
  const body = { attributes: [] as Attribute[], blocks: [], broken: [] }
  try {
    const values: unknown = JSON.parse(source.text)
    if (typeof values !== 'object' || values === null || Array.isArray(values))
      throw new SyntaxError('an object is required')
    body.attributes = Object.entries(values).map(([name, value]) => {
      const at = Math.max(0, source.text.indexOf(JSON.stringify(name)))
      return { name, at, value: toExpression(value, at) }
    })
    return { source, body, valid: true }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const offset = findMistake(source.text)
    const message = `This is not a JSON object: ${error.message}.`
    findings.push({
      file: source.file,
      ...source.place(offset),
      severity: 'error',
      rule: 'syntax',
      message,
      fix: 'Correct the JSON.',
    })
    return { source, body, valid: false }
  }
}

/** JSON.parse does not always say where: HCL, of which JSON's values are nearly a part, does. */
function findMistake(text: string): number {
  try {
    return findReference(parseWholeExpression(text))?.at ?? 0
  } catch (error) {
    if (error instanceof HclSyntaxError) return error.offset
    throw error
  }
}

function toExpression(value: unknown, at: number): Expression {
  if (Array.isArray(value)) return { kind: 'tuple', at, items: value.map((item) => toExpression(item, at)) }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, item]) => ({
      key: { kind: 'literal', at, value: name } as const,
      value: toExpression(item, at),
    }))
    return { kind: 'object', at, entries }
  }
  return { kind: 'literal', at, value: value as string | number | boolean | null }
}
