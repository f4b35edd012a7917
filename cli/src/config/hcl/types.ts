import { evaluateConstant } from './evaluate.ts'
import type { Expression } from './tree.ts'
import { asBool, asNumber, asString, distinct, isObject, objectOf, unknown, type Value } from './values.ts'

/** A type constraint: https://developer.hashicorp.com/terraform/language/expressions/type-constraints */
export type Type =
  | { kind: 'string' | 'number' | 'bool' | 'any' }
  | { kind: 'list' | 'set' | 'map'; of: Type }
  | { kind: 'tuple'; items: Type[] }
  | { kind: 'object'; attributes: Record<string, ObjectAttribute> }
export type ObjectAttribute = { type: Type; optional: boolean; default?: Value }

/** Says what does not fit, and where inside the value. */
export type Mismatch = {
  path: (string | number)[]
  message: string
  severity: 'error' | 'warning'
  name?: string
  known?: string[]
}

const primitives = ['string', 'number', 'bool', 'any'] as const
const collections = ['list', 'set', 'map'] as const

/** @returns the type that a `type` argument means, or undefined when it means none */
export function readType(expression: Expression): Type | undefined {
  const word = readWord(expression)
  const primitive = primitives.find((kind) => kind === word)
  if (primitive) return { kind: primitive }
  const bare = collections.find((kind) => kind === word)
  if (bare) return { kind: bare, of: { kind: 'any' } }
  if (expression.kind !== 'call' || expression.args.length !== 1) return undefined
  const [argument] = expression.args
  const collection = collections.find((kind) => kind === expression.name)
  if (!argument) return undefined
  if (collection) {
    const of = readType(argument)
    return of && { kind: collection, of }
  }
  if (expression.name === 'tuple') return readTuple(argument)
  return expression.name === 'object' ? readObject(argument) : undefined
}

/** A bare word; quoted ones are Terraform 0.11's way and still understood. */
function readWord(expression: Expression): string | undefined {
  if (expression.kind === 'variable') return expression.name
  return expression.kind === 'literal' && typeof expression.value === 'string' ? expression.value : undefined
}

function readTuple(argument: Expression): Type | undefined {
  if (argument.kind !== 'tuple') return undefined
  const items = argument.items.map(readType).filter((item) => item !== undefined)
  return items.length === argument.items.length ? { kind: 'tuple', items } : undefined
}

function readObject(argument: Expression): Type | undefined {
  if (argument.kind !== 'object') return undefined
  const attributes: Record<string, ObjectAttribute> = {}
  for (const { key, value } of argument.entries) {
    const name = key.kind === 'literal' ? String(key.value) : undefined
    const attribute = readAttribute(value)
    if (name === undefined || !attribute) return undefined
    attributes[name] = attribute
  }
  return { kind: 'object', attributes }
}

function readAttribute(expression: Expression): ObjectAttribute | undefined {
  const optional = expression.kind === 'call' && expression.name === 'optional'
  const [inner = expression, fallback] = optional ? expression.args : [expression]
  const type = readType(inner)
  return type && { type, optional, default: fallback && evaluateConstant(fallback) }
}

/**
 * Converts a value as Terraform does for a type constraint; what does not fit is told to `mismatch` and is unknown.
 * https://developer.hashicorp.com/terraform/language/expressions/type-constraints#conversion-of-complex-types
 */
export function convert(
  value: Value,
  type: Type,
  mismatch: (mismatch: Mismatch) => void,
  path: Mismatch['path'] = [],
): Value {
  if (value === unknown || value === null || type.kind === 'any') return value
  const fail = (message: string): Value => {
    mismatch({ path, message, severity: 'error' })
    return unknown
  }
  switch (type.kind) {
    case 'string':
      return asString(value) ?? fail(`a string is required, this is ${describeKind(value)}`)
    case 'number':
      return asNumber(value) ?? fail(`a number is required, this is ${describeKind(value)}`)
    case 'bool':
      return asBool(value) ?? fail(`true or false is required, this is ${describeKind(value)}`)
    case 'list':
    case 'set': {
      if (!Array.isArray(value)) return fail(`a ${type.kind} is required, this is ${describeKind(value)}`)
      const items = value.map((item, index) => convert(item, type.of, mismatch, [...path, index]))
      return type.kind === 'list' ? items : distinct(items)
    }
    case 'tuple':
      if (!Array.isArray(value)) return fail(`a tuple is required, this is ${describeKind(value)}`)
      if (value.length !== type.items.length)
        return fail(`${type.items.length} items are required, these are ${value.length}`)
      return type.items.map((item, index) => convert(value[index] ?? null, item, mismatch, [...path, index]))
    case 'map':
      if (!isObject(value)) return fail(`a map is required, this is ${describeKind(value)}`)
      return objectOf(
        Object.entries(value).map(([name, each]) => [name, convert(each, type.of, mismatch, [...path, name])]),
      )
    case 'object':
      return isObject(value)
        ? convertObject(value, type, mismatch, path)
        : fail(`an object is required, this is ${describeKind(value)}`)
  }
}

function convertObject(
  value: Record<string, Value>,
  { attributes }: Type & { kind: 'object' },
  mismatch: (mismatch: Mismatch) => void,
  path: Mismatch['path'],
): Value {
  const known = Object.keys(attributes)
  for (const name of Object.keys(value).filter((each) => !known.includes(each))) {
    mismatch({
      path: [...path, name],
      message: `there is no attribute "${name}" in this object's type`,
      severity: 'warning',
      name,
      known,
    })
  }
  const converted = Object.entries(attributes).map(([name, { type, optional, default: fallback }]): [string, Value] => {
    const given = value[name]
    if (given === undefined && !optional)
      mismatch({ path, message: `attribute "${name}" is required`, severity: 'error' })
    return [name, convert(given ?? fallback ?? null, type, mismatch, [...path, name])]
  })
  return objectOf(converted)
}

function describeKind(value: Value): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'boolean') return 'a bool'
  return typeof value === 'number' ? 'a number' : 'a string'
}
