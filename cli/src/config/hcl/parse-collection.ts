import { accept, expect, HclSyntaxError, peek, skipSpace, takeName, withNewlines, type Cursor } from './cursor.ts'
import { parseExpression } from './parse-expression.ts'
import type { Entry, Expression, For } from './tree.ts'

/** A tuple or a `for` that makes one; the cursor is at its opening bracket. */
export function parseTuple(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.at += 1
  return withNewlines(cursor, false, () => {
    if (startsFor(cursor)) return parseFor(cursor, at, ']')
    const items: Expression[] = []
    while (!accept(cursor, ']')) {
      items.push(parseExpression(cursor))
      if (accept(cursor, ',')) continue
      if (accept(cursor, ']')) break
      if (cursor.at >= cursor.text.length)
        throw new HclSyntaxError(at, 'Unterminated tuple constructor expression', 'Close the list with ].')
      throw new HclSyntaxError(
        cursor.at,
        'Missing item separator',
        'Expected a comma to mark the beginning of the next item.',
      )
    }
    return { kind: 'tuple', at, items }
  })
}

/** An object or a `for` that makes one; the cursor is at its opening brace. Here newlines separate entries. */
export function parseObject(cursor: Cursor): Expression {
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
      const ended =
        accept(cursor, ',') || text[cursor.at] === '}' || /^(?:\r?\n|#|\/\/)/.test(text.slice(cursor.at, cursor.at + 2))
      if (!ended && cursor.at < text.length) {
        throw new HclSyntaxError(
          cursor.at,
          'Missing attribute separator',
          'Expected a newline or comma to mark the beginning of the next attribute.',
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
    throw new HclSyntaxError(
      cursor.at,
      'Missing attribute value',
      'Expected an attribute value, introduced by an equals sign ("=").',
    )
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
