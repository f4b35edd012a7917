import type { Report, Source } from './findings.ts'
import type { Body, Expression } from './hcl/tree.ts'
import { evaluateConstant, findReference } from './hcl/evaluate.ts'
import { isObject, unknown, type Value } from './hcl/values.ts'

/** A file that has been read and parsed; `valid` when its syntax is right throughout. */
export type ConfigurationFile = { source: Source; body: Body; valid: boolean }

/** A value and where it is written. */
export type Placed = { value: Value; at: { source: Source; offset: number }; expression: Expression }

/** The value of an argument that must be written out; a variable or a function in it is reported. */
export function readConstant(source: Source, expression: Expression, rule: string, report: Report): Placed {
  const reference = findReference(expression)
  const at = { source, offset: expression.at }
  if (!reference) return { value: evaluateConstant(expression), at, expression }
  const isCall = reference.kind === 'call'
  const what = isCall
    ? `Functions such as ${reference.name} may not be called here.`
    : `Variables such as ${reference.name} may not be used here.`
  const fix = isCall
    ? 'Write the value itself.'
    : `Write the value itself; a string goes in double quotes: "${reference.name}".`
  report(`${rule}/not-literal`, { source, offset: reference.at }, what, fix)
  return { value: unknown, at, expression }
}

/** Where inside a value that is written out an element lies; the nearest one around it where that cannot be told. */
export function findElement(
  expression: Expression,
  [step, ...rest]: (string | number)[],
  what: 'key' | 'value' = 'value',
): number {
  if (expression.kind === 'tuple' && typeof step === 'number') {
    const item = expression.items[step]
    return item ? findElement(item, rest, what) : expression.at
  }
  const entries = expression.kind === 'object' && step !== undefined ? expression.entries : []
  const entry = entries.find(({ key }) => key.kind === 'literal' && String(key.value) === step)
  if (!entry) return expression.at
  return what === 'key' && rest.length === 0 ? entry.key.at : findElement(entry.value, rest, what)
}

/** Every string inside a value. */
export function stringsIn(value: Value, path: (string | number)[] = []): { text: string; path: (string | number)[] }[] {
  if (typeof value === 'string') return [{ text: value, path }]
  if (Array.isArray(value)) return value.flatMap((item, index) => stringsIn(item, [...path, index]))
  return isObject(value) ? Object.entries(value).flatMap(([name, item]) => stringsIn(item, [...path, name])) : []
}
