import { readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { describeCause } from '../errors.ts'
import type { Finding, Source } from './findings.ts'

const maxBytes = 64 * 1024 * 1024
const maxSegmentedLength = 10_000

/** What became of a file: its text, or why there is none (`missing` is for the caller to judge). */
export type ReadResult = { source: Source; problem?: undefined } | { source?: undefined; problem: Finding; missing: boolean }

/** Reads a file of the project; never throws: a file that cannot be read is a finding. */
export async function readSource(root: string, path: string): Promise<ReadResult> {
  const file = relative(root, path).split(sep).join('/')
  const fail = (rule: string, message: string, fix: string, missing = false, line = 1, column = 1): ReadResult => ({
    problem: { file, line, column, severity: 'error', rule, message, fix },
    missing,
  })
  let bytes: Buffer
  try {
    const { size, ...status } = await stat(path).then((found) => ({
      size: found.size,
      folder: found.isDirectory(),
      regular: found.isFile(),
    }))
    if (status.folder) return fail('file/folder', 'This is a folder; a file is needed.', `Remove or rename the folder ${file}.`)
    if (!status.regular) return fail('file/unreadable', 'This is not a regular file.', `Put a regular file at ${file}.`)
    if (size > maxBytes) return fail('file/too-large', 'The file is larger than 64 MiB.', 'Keep configuration only in it.')
    bytes = await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return fail('file/missing', 'The file is missing.', `Create ${file}, or take it back from git.`, true)
    }
    const cause = describeCause(error) ?? 'unknown error'
    return fail('file/unreadable', `The file cannot be read: ${cause}.`, `Make ${file} readable.`)
  }
  return decode(file, bytes, fail)
}

/** The text without its byte order mark, as HCL reads it. */
function decode(file: string, bytes: Buffer, fail: (...details: Parameters<typeof failShape>) => ReadResult): ReadResult {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return fail('file/encoding', 'The file is UTF-16; Terraform reads UTF-8.', `Save ${file} as UTF-8.`)
  }
  const text = new TextDecoder().decode(bytes)
  const source = createSource(file, text)
  const nul = text.indexOf('\0')
  if (nul >= 0) {
    const { line, column } = source.place(nul)
    return fail('file/nul-byte', 'The file holds a NUL byte: it is no text.', 'Remove the byte, or write the file anew.', false, line, column)
  }
  const invalid = text.indexOf('\uFFFD')
  if (invalid >= 0 && !isUtf8(bytes)) {
    const { line, column } = source.place(invalid)
    return fail('file/encoding', 'This is not valid UTF-8.', `Save ${file} as UTF-8.`, false, line, column)
  }
  return { source }
}

declare function failShape(
  rule: string, message: string, fix: string, missing?: boolean, line?: number, column?: number,
): ReadResult

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** @param file as findings name it */
export function createSource(file: string, text: string): Source {
  let starts: number[] | undefined
  return {
    file,
    text,
    place(offset) {
      starts ??= findLineStarts(text)
      const line = lastAtOrBefore(starts, offset)
      return { line: line + 1, column: countCharacters(text.slice(starts[line], offset)) + 1 }
    },
  }
}

function findLineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function lastAtOrBefore(starts: number[], offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

/** Grapheme clusters, as HCL counts columns (https://pkg.go.dev/github.com/hashicorp/hcl/v2#Pos). */
function countCharacters(text: string): number {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text.length
  if (text.length > maxSegmentedLength) return [...text].length
  return [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].length
}
