import type { Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { describeCause } from '../errors.ts'
import type { Finding, Source } from './findings.ts'

const maxBytes = 64 * 1024 * 1024
const maxSegmentedLength = 10_000

/** What became of a file: its text, or why there is none (`missing` is for the caller to judge). */
export type ReadResult =
  { source: Source; problem?: undefined } | { source?: undefined; problem: Finding; missing: boolean }

type Problem = { rule: string; message: string; fix: string }

/** Reads a file of the project; never throws: a file that cannot be read is a finding. */
export async function readSource(root: string, path: string): Promise<ReadResult> {
  const file = relative(root, path).split(sep).join('/')
  try {
    const found = await stat(path)
    const problem = describeStatus(file, found)
    return problem ? failed(createSource(file, ''), problem) : decode(file, await readFile(path))
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const problem = missing
      ? { rule: 'file/missing', message: 'The file is missing.', fix: `Create ${file}, or take it back from git.` }
      : {
          rule: 'file/unreadable',
          message: `The file cannot be read: ${describeCause(error)}.`,
          fix: `Make ${file} readable.`,
        }
    return { ...failed(createSource(file, ''), problem), missing }
  }
}

function describeStatus(file: string, found: Stats): Problem | undefined {
  if (found.isDirectory()) {
    return {
      rule: 'file/folder',
      message: 'This is a folder; a file is needed.',
      fix: `Remove or rename the folder ${file}.`,
    }
  }
  if (!found.isFile())
    return { rule: 'file/unreadable', message: 'This is not a regular file.', fix: `Put a regular file at ${file}.` }
  if (found.size <= maxBytes) return undefined
  return {
    rule: 'file/too-large',
    message: 'The file is larger than 64 MiB.',
    fix: 'Keep nothing but configuration in it.',
  }
}

function failed(source: Source, problem: Problem, offset = 0) {
  const problemAt: Finding = { file: source.file, ...source.place(offset), severity: 'error', ...problem }
  return { problem: problemAt, missing: false }
}

/** The text without its byte order mark, as HCL reads it. */
function decode(file: string, bytes: Buffer): ReadResult {
  const fix = `Save ${file} as UTF-8.`
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return failed(createSource(file, ''), {
      rule: 'file/encoding',
      message: 'The file is UTF-16; Terraform reads UTF-8.',
      fix,
    })
  }
  const source = createSource(file, new TextDecoder().decode(bytes))
  const nul = source.text.indexOf('\0')
  if (nul >= 0) {
    const message = 'The file holds a NUL byte: it is no text.'
    return failed(source, { rule: 'file/nul-byte', message, fix: 'Remove the byte, or write the file anew.' }, nul)
  }
  const invalid = source.text.indexOf('\uFFFD')
  if (invalid < 0 || isUtf8(bytes)) return { source }
  return failed(source, { rule: 'file/encoding', message: 'This is not valid UTF-8.', fix }, invalid)
}

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
  if (/^[\t\r -~]*$/.test(text)) return text.length
  if (text.length > maxSegmentedLength) return [...text].length
  return [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].length
}
