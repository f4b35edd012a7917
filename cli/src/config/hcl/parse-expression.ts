import {
  accept,
  deeper,
  expect,
  HclSyntaxError,
  peek,
  skipSpace,
  take,
  takeName,
  takeNumeral,
  withNewlines,
  type Cursor,
} from './cursor.ts'
import { parseObject, parseTuple } from './parse-collection.ts'
import { parseHeredoc, parseQuoted } from './parse-template.ts'
import type { Expression } from './tree.ts'

/** Weakest first; each level binds to the left. */
const operatorLevels = [['||'], ['&&'], ['==', '!='], ['>=', '<=', '>', '<'], ['+', '-'], ['*', '/', '%']]
const maxChain = 1000
const keywords = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
])
const namespacedName = /(?:::[\p{ID_Start}_][\p{ID_Continue}-]*)+/uy

/** @throws HclSyntaxError */
export function parseExpression(cursor: Cursor): Expression {
  return deeper(cursor, () => {
    const condition = parseBinary(cursor, 0)
    if (!accept(cursor, '?')) return condition
    const yes = parseExpression(cursor)
    expect(cursor, ':', 'Missing false expression in conditional', 'Write it as: condition ? value : other value.')
    return { kind: 'conditional', at: condition.at, condition, yes, no: parseExpression(cursor) }
  })
}

function parseBinary(cursor: Cursor, level: number): Expression {
  const operators = operatorLevels[level]
  if (!operators) return parseUnary(cursor)
  let left = parseBinary(cursor, level + 1)
  for (let count = 0; ; count += 1) {
    checkLength(cursor, count)
    const operator = operators.find((candidate) => isOperator(cursor, candidate))
    if (!operator) return left
    cursor.at += operator.length
    left = { kind: 'binary', at: left.at, operator, left, right: parseBinary(cursor, level + 1) }
  }
}

function isOperator(cursor: Cursor, operator: string): boolean {
  return peek(cursor, operator.length) === operator && !(operator === '/' && peek(cursor, 2) === '//')
}

function parseUnary(cursor: Cursor): Expression {
  const operator = peek(cursor)
  const at = cursor.at
  if (operator !== '-' && operator !== '!') return parseTraversal(cursor)
  cursor.at += 1
  return deeper(cursor, () => ({ kind: 'unary', at, operator, operand: parseUnary(cursor) }))
}

/** A term and what follows it: `.name`, `.0`, `[key]`, `.*` and `[*]`. */
function parseTraversal(cursor: Cursor): Expression {
  let of = parseTerm(cursor)
  for (let count = 0; ; count += 1) {
    checkLength(cursor, count)
    const at = of.at
    const next = peek(cursor)
    if (next === '.' && peek(cursor, 3) !== '...') {
      cursor.at += 1
      const name = takeName(cursor)
      const digits = name === undefined ? take(cursor, /\d+/y) : undefined
      if (name !== undefined) of = { kind: 'attribute', at, of, name }
      else if (digits !== undefined) of = { kind: 'index', at, of, key: { kind: 'literal', at, value: Number(digits) } }
      else if (accept(cursor, '*')) of = { kind: 'splat', at, of }
      else throw new HclSyntaxError(cursor.at, 'Invalid attribute name', 'An attribute name is required after a dot.')
    } else if (next === '[') {
      of = parseIndex(cursor, of)
    } else return of
  }
}

/** A chain of operators or attributes is as deep a tree as it is long. */
function checkLength(cursor: Cursor, count: number): void {
  if (count > maxChain)
    throw new HclSyntaxError(cursor.at, 'Expression too long', `Keep it below ${maxChain} parts.`, { tooDeep: true })
}

function parseIndex(cursor: Cursor, of: Expression): Expression {
  const open = cursor.at
  cursor.at += 1
  return withNewlines(cursor, false, () => {
    const star = accept(cursor, '*')
    const key = star ? undefined : parseExpression(cursor)
    if (!accept(cursor, ']'))
      throw new HclSyntaxError(open, 'Missing close bracket on index', 'Close the index with ].')
    return key ? { kind: 'index', at: of.at, of, key } : { kind: 'splat', at: of.at, of }
  })
}

function parseTerm(cursor: Cursor): Expression {
  skipSpace(cursor)
  const at = cursor.at
  const next = peek(cursor)
  if (next === '"') return parseQuoted(cursor)
  if (peek(cursor, 2) === '<<') return parseHeredoc(cursor)
  if (next === '(') return parseParentheses(cursor)
  if (next === '[') return parseTuple(cursor)
  if (next === '{') return parseObject(cursor)
  const numeral = takeNumeral(cursor)
  if (numeral !== undefined) return { kind: 'literal', at, value: Number(numeral) }
  const name = takeName(cursor)
  if (name === undefined) throw invalidExpression(cursor)
  if (keywords.has(name) && peek(cursor) !== '(') return { kind: 'literal', at, value: keywords.get(name) ?? null }
  const fullName = name + (take(cursor, namespacedName) ?? '')
  return peek(cursor) === '(' ? parseCall(cursor, at, fullName) : { kind: 'variable', at, name: fullName }
}

function invalidExpression(cursor: Cursor): HclSyntaxError {
  const { text, at } = cursor
  const char = text.slice(at, at + 1)
  if (char === "'") {
    return new HclSyntaxError(
      at,
      'Invalid character',
      'Single quotes are not valid. Use double quotes (") to enclose strings.',
    )
  }
  if (char === '' || char === '\n' || char === '\r' || char === '#') {
    return new HclSyntaxError(
      at,
      'Invalid expression',
      'Expected the start of an expression, but found the end of the line.',
    )
  }
  return new HclSyntaxError(
    at,
    'Invalid expression',
    'Expected the start of an expression, but found an invalid expression token.',
  )
}

function parseParentheses(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.at += 1
  return withNewlines(cursor, false, () => {
    const inner = parseExpression(cursor)
    if (!accept(cursor, ')')) throw new HclSyntaxError(at, 'Unbalanced parentheses', 'Close the parenthesis with ).')
    return { ...inner, at }
  })
}

function parseCall(cursor: Cursor, at: number, name: string): Expression {
  const open = cursor.at
  cursor.at += 1
  return withNewlines(cursor, false, () => {
    const args: Expression[] = []
    while (!accept(cursor, ')')) {
      args.push(parseExpression(cursor))
      const spread = accept(cursor, '...')
      if (!spread && accept(cursor, ',')) continue
      if (!accept(cursor, ')')) {
        const where = cursor.at >= cursor.text.length ? open : cursor.at
        throw new HclSyntaxError(
          where,
          'Missing argument separator',
          'Separate the arguments by commas, and close the call with ).',
        )
      }
      return { kind: 'call', at, name, args, spread }
    }
    return { kind: 'call', at, name, args, spread: false }
  })
}
