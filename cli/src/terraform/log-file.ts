import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { redact } from '../platform/terminal/secrets.ts'

/** What terraform said, line by line, as it said it. */
export type LogFile = { path: string; write(line: string): void }

const kept = 10

/**
 * Begins a log below the scratch folder, which only its owner may read; the newest ten stay.
 * @param command names it, after the time
 * @returns undefined where none can be written: nothing fails for want of a log
 */
export function openLog(scratch: string, command: string): LogFile | undefined {
  const folder = join(scratch, 'logs')
  const time = new Date().toISOString().replaceAll(':', '-').replace(/\..*/, '')
  const path = join(folder, `${time}-${command}-${process.pid}.jsonl`)
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, '', { mode: 0o600 })
    const old = readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort().slice(0, -kept)
    for (const name of old) rmSync(join(folder, name), { force: true })
  } catch {
    return undefined
  }
  return { path, write: (line) => append(path, line) }
}

function append(path: string, line: string): void {
  try {
    appendFileSync(path, `${redact(withoutOutputs(line))}\n`)
  } catch {
    // A full disk ends no deployment.
  }
}

/** Terraform writes an apply's outputs out, other versions sensitive ones too. */
function withoutOutputs(line: string): string {
  return line.includes('"type":"outputs"') ? line.replace(/"outputs":\{.*\}(?=,"type":"outputs")/, '"outputs":"left out"') : line
}
