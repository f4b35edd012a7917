import {
  accept, deeper, expect, HclSyntaxError, peek, skipSpace, take, takeName, takeNumeral, withNewlines, type Cursor,
} from './cursor.ts'
import { parseHeredoc, parseQuoted } from './parse-template.ts'
import type { Entry, Expression, For } from './tree.ts'

/** Weakest first; each level binds to the left. */
const operatorLevels = [['||'], ['&&'], ['==', '!='], ['>=', '<=', '>', '<'], ['+', '-'], ['*', '/', '%']]
const keywords = new Map<string, boolean | null>([['true', true], ['false', false], ['null', null]])
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
  for (;;) {
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
  for (;;) {
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

function parseIndex(cursor: Cursor, of: Expression): Expression {
  const open = cursor.at
  cursor.at += 1
  return withNewlines(cursor, false, () => {
    const star = accept(cursor, '*')
    const key = star ? undefined : parseExpression(cursor)
    if (!accept(cursor, ']')) throw new HclSyntaxError(open, 'Missing close bracket on index', 'Close the index with ].')
    return key ? { kind: 'index', at: of.at, of, key } : { kind: 'splat', at: of.at, of }
  })
}

function parseTerm(cursor: Cursor): Expression {
  skipSpace(cursor)
  const at = cursor.at
  const next = peek(cursor)
  if (next === '"') return parseQuoted(cursor, parseExpression)
  if (peek(cursor, 2) === '<<') return parseHeredoc(cursor, parseExpression)
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
    return new HclSyntaxError(at, 'Invalid character', 'Single quotes are not valid. Use double quotes (") to enclose strings.')
  }
  if (char === '' || char === '\n' || char === '\r' || char === '#') {
    return new HclSyntaxError(at, 'Invalid expression', 'Expected the start of an expression, but found the end of the line.')
  }
  return new HclSyntaxError(at, 'Invalid expression', 'Expected the start of an expression, but found an invalid expression token.')
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
        throw new HclSyntaxError(where, 'Missing argument separator', 'Separate the arguments by commas, and close the call with ).')
      }
      return { kind: 'call', at, name, args, spread }
    }
    return { kind: 'call', at, name, args, spread: false }
  })
}

function parseTuple(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.at += 1
  return withNewlines(cursor, false, () => {
    if (startsFor(cursor)) return parseFor(cursor, at, ']')
    const items: Expression[] = []
    while (!accept(cursor, ']')) {
      items.push(parseExpression(cursor))
      if (accept(cursor, ',')) continue
      if (accept(cursor, ']')) break
      if (cursor.at >= cursor.text.length) throw new HclSyntaxError(at, 'Unterminated tuple constructor expression', 'Close the list with ].')
      throw new HclSyntaxError(cursor.at, 'Missing item separator', 'Expected a comma to mark the beginning of the next item.')
    }
    return { kind: 'tuple', at, items }
  })
}

function parseObject(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.at += 1
  const isFor = withNewlines(cursor, false, () => startsFor(cursor))
  if (isFor) return withNewlines(cursor, false, () => parseFor(cursor, at, '}'))
  return withNewlines(cursor, true, () => {
    const entries: Entry[] = []
    for (;;) {
      skipSpace(cursor, true)
      if (accept(cursor, '}')) return { kind: 'object', at, entries }
      if (cursor.at >= cursor.text.length) {
        throw new HclSyntaxError(at, 'Unterminated object constructor expression', 'Close the object with }.')
      }
      entries.push(parseEntry(cursor))
      skipSpace(cursor)
      const { text } = cursor
      const ended = accept(cursor, ',') || text[cursor.at] === '}' || /^(?:\r?\n|#|\/\/)/.test(text.slice(cursor.at, cursor.at + 2))
      if (!ended && cursor.at < text.length) {
        throw new HclSyntaxError(
          cursor.at, 'Missing attribute separator', 'Expected a newline or comma to mark the beginning of the next attribute.',
        )
      }
    }
  })
}

function parseEntry(cursor: Cursor): Entry {
  const parsed = parseExpression(cursor)
  const bare = parsed.kind === 'variable' && cursor.text[parsed.at] !== '('
  const key: Expression = bare ? { kind: 'literal', at: parsed.at, value: parsed.name } : parsed
  if (!accept(cursor, '=') && !accept(cursor, ':')) {
    throw new HclSyntaxError(cursor.at, 'Missing attribute value', 'Expected an attribute value, introduced by an equals sign ("=").')
  }
  return { key, value: parseExpression(cursor) }
}

function startsFor(cursor: Cursor): boolean {
  const start = cursor.at
  const found = takeName(cursor) === 'for' && /[\p{ID_Start}_]/u.test(peek(cursor))
  cursor.at = start
  return found
}

function parseFor(cursor: Cursor, at: number, close: ']' | '}'): For {
  takeName(cursor)
  const first = takeName(cursor)
  const second = accept(cursor, ',') ? takeName(cursor) : undefined
  const valueName = second ?? first
  if (valueName === undefined || takeName(cursor) !== 'in') {
    throw new HclSyntaxError(cursor.at, "Invalid 'for' expression", 'Write it as: for NAME in COLLECTION : VALUE.')
  }
  const collection = parseExpression(cursor)
  expect(cursor, ':', "Invalid 'for' expression", "A colon is required after the collection of a 'for' expression.")
  const head = parseExpression(cursor)
  const arrow = close === '}'
  if (arrow) expect(cursor, '=>', "Invalid 'for' expression", 'For an object, write KEY => VALUE.')
  const value = arrow ? parseExpression(cursor) : head
  const grouped = arrow && accept(cursor, '...')
  const condition = takeWord(cursor, 'if') ? parseExpression(cursor) : undefined
  expect(cursor, close, "Invalid 'for' expression", `Close the 'for' expression with ${close}.`)
  const keyName = second === undefined ? undefined : first
  return { kind: 'for', at, keyName, valueName, collection, key: arrow ? head : undefined, value, condition, grouped }
}

function takeWord(cursor: Cursor, word: string): boolean {
  const start = cursor.at
  if (takeName(cursor) === word) return true
  cursor.at = start
  return false
}
