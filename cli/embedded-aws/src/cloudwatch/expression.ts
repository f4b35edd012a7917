import jsep, { type ArrayExpression, type BinaryExpression, type CallExpression, type Expression, type Identifier, type Literal, type UnaryExpression } from 'jsep'
import { AwsError } from '../aws-error.ts'

/** A metric by the beginnings of its periods; a number stands for one that never changes. */
export type Values = number | Map<number, number>

type Known = {
  /** The metrics and expressions that may be named. */
  byId: (id: string) => Values | undefined
  /** The beginnings of all periods that were asked for. */
  times: number[]
  period: number
}

jsep.removeBinaryOp('^')
jsep.addBinaryOp('^', 11, true)
jsep.addBinaryOp('AND', 2)
jsep.addBinaryOp('OR', 1)

const both: Record<string, (left: number, right: number) => number> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '^': (left, right) => left ** right,
  '<': (left, right) => Number(left < right),
  '<=': (left, right) => Number(left <= right),
  '>': (left, right) => Number(left > right),
  '>=': (left, right) => Number(left >= right),
  '==': (left, right) => Number(left === right),
  '!=': (left, right) => Number(left !== right),
  AND: (left, right) => Number(left !== 0 && right !== 0),
  '&&': (left, right) => Number(left !== 0 && right !== 0),
  OR: (left, right) => Number(left !== 0 || right !== 0),
  '||': (left, right) => Number(left !== 0 || right !== 0),
}
const single: Record<string, (value: number) => number> = { ABS: Math.abs, CEIL: Math.ceil, FLOOR: Math.floor }
const ofMany: Record<string, (values: number[]) => number> = {
  SUM: (values) => values.reduce((sum, value) => sum + value, 0),
  AVG: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
}

/**
 * Computes an expression of metric math, as far as it is known here: arithmetic, comparisons, AND, OR, IF, FILL, ABS, CEIL,
 * FLOOR, SUM, AVG, MIN, MAX, PERIOD.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 * @throws AwsError ValidationError for what is not known
 */
export function compute(text: string, known: Known): Map<number, number> {
  const values = evaluate(parse(text), known)
  return typeof values === 'number' ? new Map(known.times.map((time) => [time, values])) : values
}

function parse(text: string): Expression {
  try {
    return jsep(text)
  } catch (error) {
    throw unknown(text, (error as Error).message)
  }
}

function evaluate(expression: Expression, known: Known): Values {
  if (isLiteral(expression)) return Number(expression.value)
  if (isIdentifier(expression)) return known.byId(expression.name) ?? refuse(expression.name)
  if (isUnary(expression)) return combine((value) => (expression.operator === '-' ? -value : value), [evaluate(expression.argument, known)])
  if (isBinary(expression)) {
    const operator = both[expression.operator] ?? refuse(expression.operator)
    return combine((left, right) => operator(left, right), [evaluate(expression.left, known), evaluate(expression.right, known)])
  }
  if (isCall(expression) && isIdentifier(expression.callee)) return call(expression.callee.name, expression.arguments, known)
  return refuse(expression.type)
}

function call(name: string, given: Expression[], known: Known): Values {
  const [first, second, third] = given
  if (!first) return refuse(`${name}()`)
  if (name === 'PERIOD') return known.period
  if (name === 'IF' && second) return choose(evaluate(first, known), evaluate(second, known), third && evaluate(third, known), known)
  if (name === 'FILL' && second) return fill(evaluate(first, known), second, known)
  const one = single[name]
  if (one) return combine((value) => one(value), [evaluate(first, known)])
  const many = ofMany[name]
  if (!many) return refuse(`${name}()`)
  // Of a list the values of each period, of one metric those of all periods.
  if (isArray(first)) return combine((...values) => many(values), first.elements.map((element) => evaluate(element as Expression, known)))
  const values = evaluate(first, known)
  return typeof values === 'number' ? values : many([...values.values()])
}

/** What a period lacks in one of them, it lacks in the result. */
function combine(operator: (...values: number[]) => number, operands: Values[]): Values {
  const series = operands.filter((operand) => typeof operand !== 'number')
  if (series.length === 0) return operator(...(operands as number[]))
  const times = [...(series[0] as Map<number, number>).keys()].filter((time) => series.every((each) => each.has(time)))
  return new Map(times.map((time) => [time, operator(...operands.map((operand) => at(operand, time) as number))]))
}

function choose(condition: Values, yes: Values, no: Values | undefined, { times }: Known): Values {
  if (typeof condition === 'number') return (condition === 0 ? no : yes) ?? new Map<number, number>()
  return keep(times, (time) => {
    const holds = condition.get(time)
    const chosen = holds === undefined ? undefined : holds === 0 ? no : yes
    return chosen === undefined ? undefined : at(chosen, time)
  })
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#using-metric-math-functions-list */
function fill(values: Values, filling: Expression, known: Known): Values {
  if (typeof values === 'number') return values
  if (isIdentifier(filling) && filling.name === 'REPEAT') {
    let last: number | undefined
    return keep(known.times, (time) => (last = values.get(time) ?? last))
  }
  const given = evaluate(filling, known)
  return keep(known.times, (time) => values.get(time) ?? at(given, time))
}

function keep(times: number[], valueAt: (time: number) => number | undefined): Map<number, number> {
  return new Map(times.flatMap((time) => {
    const value = valueAt(time)
    return value === undefined ? [] : [[time, value]]
  }))
}

const at = (values: Values, time: number) => (typeof values === 'number' ? values : values.get(time))

const unknown = (what: string, why: string) => new AwsError('ValidationError', `Error in expression '${what}': ${why}`)

function refuse(what: string): never {
  throw unknown(what, 'it is not part of the metric math that is known here')
}

const isLiteral = (expression: Expression): expression is Literal => expression.type === 'Literal'
const isIdentifier = (expression: Expression): expression is Identifier => expression.type === 'Identifier'
const isUnary = (expression: Expression): expression is UnaryExpression => expression.type === 'UnaryExpression'
const isBinary = (expression: Expression): expression is BinaryExpression => expression.type === 'BinaryExpression'
const isCall = (expression: Expression): expression is CallExpression => expression.type === 'CallExpression'
const isArray = (expression: Expression): expression is ArrayExpression => expression.type === 'ArrayExpression'
