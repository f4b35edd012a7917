import { readFile } from 'node:fs/promises'
import { CliError } from '../platform/errors.ts'

/**
 * A text file's content, without a byte order mark.
 * @param fix what to do when it is not there
 * @throws CliError `usage` when it is not there, cannot be read or is UTF-16
 */
export async function readText(file: string, fix: string): Promise<string> {
  const text = await readTextIfThere(file)
  if (text === undefined) throw new CliError('usage', `There is no ${file}.`, { fix })
  return text
}

/** As `readText`; undefined when the file is not there. */
export async function readTextIfThere(file: string): Promise<string | undefined> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined
    throw new CliError('usage', `${file} cannot be read.`, { fix: 'It has to be a file that this user may read.', cause })
  })
  if (bytes === undefined) return undefined
  if (/^(?:\xff\xfe|\xfe\xff)|\0/.test(bytes.toString('latin1'))) {
    throw new CliError('usage', `${file} is no UTF-8 text; UTF-16 is what Windows' Notepad and PowerShell's > write.`, {
      fix: `Save it as UTF-8, for example \`iconv -f UTF-16 -t UTF-8 ${file}\`.`,
    })
  }
  return decode(bytes)
}

/** Docker takes what is no UTF-8 byte for byte. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
