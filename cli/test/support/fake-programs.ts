import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A folder of fake programs to put on PATH, and what they were called with. */
export type FakePrograms = {
  folder: string
  /** Every call so far: program and arguments. */
  calls(): string[][]
  /** Everything the programs got on standard input and in their environment, to look for secrets in. */
  seen(): string
}

/**
 * Writes programs that behave as the given JavaScript says. In it: `args`, `input` (standard input, read whole),
 * `say(text)` and `complain(text)` (stdout and stderr), `fs`; it may `return` an exit code and may await. A program
 * without behaviour is left out.
 */
export function fakePrograms(folder: string, programs: Record<string, string | undefined>): FakePrograms {
  mkdirSync(folder, { recursive: true })
  const log = join(folder, 'calls.jsonl')
  writeFileSync(log, '')
  for (const [name, behaviour] of Object.entries(programs)) {
    if (behaviour !== undefined) writeFileSync(join(folder, name), script(name, log, behaviour), { mode: 0o755 })
  }
  const lines = () => readFileSync(log, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Call)
  return {
    folder,
    calls: () => lines().map(({ name, args }) => [name, ...args]),
    seen: () => readFileSync(log, 'utf8'),
  }
}

type Call = { name: string; args: string[] }

function script(name: string, log: string, behaviour: string): string {
  return `#!${process.execPath}
const fs = require('node:fs')
const args = process.argv.slice(2)
const say = (text) => fs.writeSync(1, text + '\\n')
const complain = (text) => fs.writeSync(2, text + '\\n')
// A pipe that is not filled yet answers EAGAIN where the writer made it non-blocking.
const readInput = () => {
  const part = Buffer.alloc(65536)
  let text = ''
  for (;;) {
    try {
      const length = fs.readSync(0, part)
      if (length === 0) return text
      text += part.toString('utf8', 0, length)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const input = process.stdin.isTTY ? '' : readInput()
fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify({ name: ${JSON.stringify(name)}, args, input }) + '\\n')
;(async () => {
${behaviour}
})().then((code) => process.exit(code ?? 0))
`
}
