/** A mistake in the text, in HCL's own words where it has some. */
export class HclSyntaxError extends Error {
  readonly offset: number
  readonly detail: string
  /** Deeper nested than any parser should have to go. */
  readonly tooDeep: boolean
  /** The mistake takes in all text before this offset. */
  readonly end: number

  constructor(offset: number, summary: string, detail: string, { tooDeep = false, end = offset } = {}) {
    super(summary)
    this.offset = offset
    this.detail = detail
    this.tooDeep = tooDeep
    this.end = end
  }
}

/** A place in a text that is being parsed. Inside brackets newlines are mere space. */
export type Cursor = { text: string; at: number; newlinesCount: boolean; depth: number }

const maxDepth = 250
const name = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy
const numeral = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** What `pattern` (sticky) matches here; the cursor moves behind it. */
export function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at
  const found = pattern.exec(cursor.text)?.[0]
  if (found !== undefined) cursor.at += found.length
  return found
}

/** Moves over space, comments and, where they do not count or are asked for, newlines. */
export function skipSpace(cursor: Cursor, newlines = !cursor.newlinesCount): void {
  const { text } = cursor
  for (;;) {
    const char = text[cursor.at]
    if (char === ' ' || char === '\t') cursor.at += 1
    else if (newlines && char === '\n') cursor.at += 1
    else if (newlines && char === '\r' && text[cursor.at + 1] === '\n') cursor.at += 2
    else if (newlines && (char === '#' || text.startsWith('//', cursor.at))) cursor.at = endOfLine(text, cursor.at)
    else if (char === '/' && text[cursor.at + 1] === '*') {
      const end = text.indexOf('*/', cursor.at + 2)
      if (end < 0) throw new HclSyntaxError(cursor.at, 'Unterminated comment', 'Close the comment with */.')
      cursor.at = end + 2
    } else return
  }
}

/** The offset of the newline that ends the line of `at`, or of the text's end. */
export function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}

/** The next characters after space, without taking them. */
export function peek(cursor: Cursor, length = 1): string {
  skipSpace(cursor)
  return cursor.text.slice(cursor.at, cursor.at + length)
}

export function accept(cursor: Cursor, token: string): boolean {
  skipSpace(cursor)
  if (!cursor.text.startsWith(token, cursor.at)) return false
  cursor.at += token.length
  return true
}

export function expect(cursor: Cursor, token: string, summary: string, detail: string): void {
  if (!accept(cursor, token)) throw new HclSyntaxError(cursor.at, summary, detail)
}

export function takeName(cursor: Cursor): string | undefined {
  skipSpace(cursor)
  return take(cursor, name)
}

export function takeNumeral(cursor: Cursor): string | undefined {
  skipSpace(cursor)
  return take(cursor, numeral)
}

/** At the end of a line (a comment may come first) or of the text. */
export function atLineEnd(cursor: Cursor): boolean {
  skipSpace(cursor, false)
  const { text, at } = cursor
  return (
    at >= text.length ||
    text[at] === '\n' ||
    text.startsWith('\r\n', at) ||
    text[at] === '#' ||
    text.startsWith('//', at)
  )
}

/** Runs `work` with newlines counting or not, and puts the cursor's mode back. */
export function withNewlines<T>(cursor: Cursor, newlinesCount: boolean, work: () => T): T {
  const before = cursor.newlinesCount
  cursor.newlinesCount = newlinesCount
  try {
    return work()
  } finally {
    cursor.newlinesCount = before
  }
}

/** Runs `work` one level deeper. */
export function deeper<T>(cursor: Cursor, work: () => T): T {
  cursor.depth += 1
  if (cursor.depth > maxDepth) {
    throw new HclSyntaxError(cursor.at, 'Nested too deeply', `Keep the nesting below ${maxDepth} levels.`, {
      tooDeep: true,
    })
  }
  try {
    return work()
  } finally {
    cursor.depth -= 1
  }
}
