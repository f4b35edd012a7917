import { callFunction } from './functions.ts'
import { childrenOf, type Expression, type For } from './tree.ts'
import {
  asBool,
  asNumber,
  asString,
  EvaluationError,
  isEqual,
  isObject,
  isWhollyKnown,
  objectOf,
  unknown,
  type Value,
} from './values.ts'

export type Scope = ReadonlyMap<string, Value>
const nothing: Scope = new Map()

/**
 * What an expression comes to; `unknown` when it holds anything this does not know, so that Terraform has the word.
 * @throws EvaluationError
 */
export function evaluate(expression: Expression, scope: Scope = nothing): Value {
  const here = (inner: Expression) => evaluate(inner, scope)
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'template':
      return joinTemplate(expression.parts.map((part) => (typeof part === 'string' ? part : here(part))))
    case 'tuple':
      return expression.items.map(here)
    case 'object':
      return evaluateObject(expression.entries.map(({ key, value }) => [here(key), here(value)]))
    case 'variable':
      return scope.get(expression.name) ?? (scope.has(expression.name) ? null : unknown)
    case 'attribute':
      return readIndex(here(expression.of), expression.name)
    case 'index':
      return readIndex(here(expression.of), here(expression.key))
    case 'call':
      return evaluateCall(expression, scope)
    case 'unary':
      return evaluateUnary(expression.operator, here(expression.operand))
    case 'binary':
      return evaluateBinary(expression.operator, here(expression.left), () => here(expression.right))
    case 'conditional': {
      const condition = here(expression.condition)
      return condition === unknown ? unknown : here(toBool(condition) ? expression.yes : expression.no)
    }
    case 'for':
      return evaluateFor(expression, scope)
    case 'splat':
      return unknown
  }
}

/** The value of an expression that needs no scope; unknown when it cannot be told. */
export function evaluateConstant(expression: Expression): Value {
  try {
    return evaluate(expression)
  } catch (error) {
    if (error instanceof EvaluationError) return unknown
    throw error
  }
}

/** The first variable or function in an expression; template directives are neither. */
export function findReference(
  expression: Expression,
  bound: string[] = [],
): Extract<Expression, { kind: 'variable' | 'call' }> | undefined {
  if (expression.kind === 'variable' && !bound.includes(expression.name)) return expression
  if (expression.kind === 'call' && !expression.name.startsWith('%')) return expression
  const names = expression.kind === 'for' ? [...bound, expression.valueName, expression.keyName ?? ''] : bound
  for (const child of childrenOf(expression)) {
    const found = findReference(child, names)
    if (found) return found
  }
  return undefined
}

function joinTemplate(parts: Value[]): Value {
  if (parts.includes(unknown)) return unknown
  if (parts.length === 1) return parts[0] ?? null
  return parts.map((part) => asString(part) ?? fail('a template holds a value that is no string')).join('')
}

function evaluateObject(entries: [Value, Value][]): Value {
  if (entries.some(([key]) => key === unknown)) return unknown
  return objectOf(entries.map(([key, value]) => [asString(key) ?? fail('an object key is no string'), value]))
}

function readIndex(of: Value, key: Value): Value {
  if (of === unknown || key === unknown) return unknown
  const found = Array.isArray(of) ? of[asNumber(key) ?? -1] : isObject(of) ? of[asString(key) ?? ''] : undefined
  return found === undefined ? fail('no such element') : found
}

function evaluateCall({ name, args, spread }: Extract<Expression, { kind: 'call' }>, scope: Scope): Value {
  const attempt = (argument: Expression): Value | EvaluationError => {
    try {
      return evaluate(argument, scope)
    } catch (error) {
      if (error instanceof EvaluationError) return error
      throw error
    }
  }
  if (name === 'can' && args[0]) {
    const result = attempt(args[0])
    return result instanceof EvaluationError ? false : isWhollyKnown(result) ? true : unknown
  }
  if (name === 'try') {
    for (const argument of args) {
      const result = attempt(argument)
      if (!(result instanceof EvaluationError)) return isWhollyKnown(result) ? result : unknown
    }
    return fail('no expression succeeded')
  }
  const values = args.map((argument) => evaluate(argument, scope))
  const last = values.at(-1)
  const all = spread && Array.isArray(last) ? [...values.slice(0, -1), ...last] : values
  return (spread && !Array.isArray(last)) || !all.every(isWhollyKnown) ? unknown : callFunction(name, all)
}

function evaluateUnary(operator: string, operand: Value): Value {
  if (operand === unknown) return unknown
  return operator === '!' ? !toBool(operand) : -toNumber(operand)
}

function evaluateBinary(operator: string, left: Value, readRight: () => Value): Value {
  if (operator === '&&' || operator === '||') return evaluateLogic(operator, left, readRight)
  const right = readRight()
  if (!isWhollyKnown(left) || !isWhollyKnown(right)) return unknown
  if (operator === '==') return isEqual(left, right)
  if (operator === '!=') return !isEqual(left, right)
  return evaluateArithmetic(operator, toNumber(left), toNumber(right))
}

function evaluateLogic(operator: '&&' | '||', left: Value, readRight: () => Value): Value {
  const decisive = operator === '||'
  if (left !== unknown && toBool(left) === decisive) return decisive
  const both: Value[] = [left, readRight()]
  const sides = both.map((side): Value => (side === unknown ? unknown : toBool(side)))
  if (sides.includes(decisive)) return decisive
  return sides.includes(unknown) ? unknown : !decisive
}

function evaluateArithmetic(operator: string, left: number, right: number): Value {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return right === 0 ? fail('division by zero') : left / right
    case '%':
      return right === 0 ? fail('division by zero') : left % right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    default:
      return unknown
  }
}

function evaluateFor(expression: For, scope: Scope): Value {
  const collection = evaluate(expression.collection, scope)
  if (collection === unknown) return unknown
  const entries: [Value, Value][] = Array.isArray(collection)
    ? collection.map((value, index) => [index, value])
    : isObject(collection)
      ? sortedEntries(collection)
      : fail('no collection')
  const results: [Value, Value][] = []
  for (const [key, value] of entries) {
    const inner = new Map(scope).set(expression.valueName, value)
    if (expression.keyName !== undefined) inner.set(expression.keyName, key)
    const included = expression.condition ? evaluate(expression.condition, inner) : true
    if (included === unknown) return unknown
    if (!toBool(included)) continue
    const resultKey = expression.key ? evaluate(expression.key, inner) : null
    results.push([resultKey, evaluate(expression.value, inner)])
  }
  if (!expression.key) return results.map(([, value]) => value)
  return expression.grouped ? unknown : evaluateObject(results)
}

/** Terraform goes through maps in the order of their keys. */
function sortedEntries(object: Record<string, Value>): [string, Value][] {
  return Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))
}

function toBool(value: Value): boolean {
  return asBool(value) ?? fail('a bool is required')
}

function toNumber(value: Value): number {
  return asNumber(value) ?? fail('a number is required')
}

function fail(message: string): never {
  throw new EvaluationError(message)
}
