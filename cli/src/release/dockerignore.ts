import { posix } from 'node:path'
import { CliError } from '../platform/errors.ts'

/** Answers for one path after the other, from the top down, as Docker's own walk through a context does. */
export type IgnoreFile = {
  /**
   * @param path POSIX, relative to the context
   * @param parent what was answered for the folder it lies in; undefined at the top
   */
  match(path: string, parent: IgnoreMatch | undefined): IgnoreMatch
  /** Whether a file in an ignored folder may be let through again. */
  hasExceptions: boolean
}
/** `matched` has one entry a pattern: what lies in a folder that a pattern matches is matched by it, too. */
export type IgnoreMatch = { ignored: boolean; matched: boolean[] }

type Pattern = { exception: boolean; regex: RegExp }

/**
 * Reads a .dockerignore by Docker's rules (https://docs.docker.com/build/concepts/context/#dockerignore-files and
 * https://github.com/moby/patternmatcher, which both builders use).
 * @param name what to call the file in an error
 * @throws CliError `usage` for a pattern at which `docker build` fails, too
 */
export function readIgnoreFile(text: string, name: string): IgnoreFile {
  const patterns = text
    .split(/\r?\n/)
    .flatMap((line, index) => readPattern(line, `${name}:${index + 1}`) ?? [])
  return {
    hasExceptions: patterns.some(({ exception }) => exception),
    match: (path, parent) => matchAll(patterns, path, parent),
  }
}

function matchAll(patterns: Pattern[], path: string, parent: IgnoreMatch | undefined): IgnoreMatch {
  let ignored = false
  const matched = patterns.map(({ exception, regex }, index) => {
    const undecided = exception === ignored
    const matches = parent?.matched[index] || (undecided && regex.test(path))
    if (matches) ignored = !exception
    return matches
  })
  return { ignored, matched }
}

function readPattern(line: string, place: string): Pattern | undefined {
  const text = line.trim()
  if (line.startsWith('#') || text === '') return undefined
  const exception = text.startsWith('!')
  const written = exception ? text.slice(1).trim() : text
  if (written === '') throw refuse(place, 'has a ! without a pattern', 'Write the pattern behind the !, or delete the line.')
  const cleaned = cleanPath(written)
  try {
    return { exception, regex: compilePattern(cleaned) }
  } catch {
    throw refuse(place, `has the pattern ${written}, which is no valid one`, 'Close every [ with a ] and let nothing end in a \\.')
  }
}

/** Go's filepath.Clean, and one leading slash less. */
function cleanPath(path: string): string {
  const cleaned = posix.normalize(path)
  return cleaned.replace(/(?<=.)\/$/, '').replace(/^\/(?=.)/, '')
}

/**
 * A pattern of Go's filepath.Match, with `**` for any number of folders.
 * @throws SyntaxError
 */
/* eslint-disable security/detect-non-literal-regexp -- patterns are what it is for */
export function compilePattern(pattern: string): RegExp {
  requireValid(pattern)
  // Without any other sign of a pattern, Docker compares the text as it is.
  if (!/[*?[\]\\]/.test(pattern)) return new RegExp(`^${escapeRegex(pattern)}$`, 'u')
  const [, rest = ''] = /^\*\*([^*?[\]\\]+)$/.exec(pattern) ?? []
  if (rest && !rest.startsWith('/')) return new RegExp(`${escapeRegex(rest)}$`, 'u')
  const source = `^${pattern.replace(/\*\*\/?$|\*\*\/?|\*|\?|\\(.)|[.+()|{}$]/gsu, translate)}$`
  try {
    return new RegExp(source, 'u')
  } catch {
    // With `u`, JavaScript is stricter than Go about what may be escaped.
    return new RegExp(source)
  }
}

/* eslint-enable security/detect-non-literal-regexp */

function translate(sign: string, escaped: string | undefined, offset: number, pattern: string): string {
  const last = offset + sign.length === pattern.length
  if (sign.startsWith('**')) return last ? '.*' : '(?:.*/)?'
  if (sign === '*') return '[^/]*'
  if (sign === '?') return '[^/]'
  if (escaped !== undefined) return escapeCharacter(escaped)
  return `\\${sign}`
}

/** A letter behind a backslash is no letter to Go's regular expressions, and most of those mean nothing. */
function escapeCharacter(character: string): string {
  if (/[dwsDWSbBtnrvf]/.test(character) || !/[\p{L}\p{N}]/u.test(character)) return `\\${character}`
  throw new SyntaxError(`\\${character}`)
}

const escapeRegex = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

/** https://pkg.go.dev/path/filepath#Match */
const wellFormed = /^(?:[^\\[]|\\.|\[\^?(?:(?:\\.|[^\\\]-])(?:-(?:\\.|[^\\\]-]))?)+\])*$/su

function requireValid(pattern: string): void {
  if (!wellFormed.test(pattern)) throw new SyntaxError(pattern)
}

const refuse = (place: string, what: string, fix: string) => new CliError('usage', `${place} ${what}: docker build refuses it.`, { fix })
