import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const cli = `${root}cli/bin/fargate-ctl.js`

/** One line of the result: what was compared, both figures, and how the first relates to the second. */
export type Comparison = { what: string; ours: string; other: string; ratio: number }

export type Command = { args: string[]; cwd?: string; env?: Record<string, string> }

/** Runs two commands in turn, so that whatever else the machine does hits both alike. @returns medians in milliseconds */
export function timePair(first: Command, second: Command, rounds: number): [number, number] {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    times[0].push(time(first))
    times[1].push(time(second))
  }
  return [median(times[0]), median(times[1])]
}

/** Runs a command once. @returns milliseconds */
export function time({ args: [file = '', ...args], cwd, env }: Command): number {
  const started = performance.now()
  const { status, stderr } = spawnSync(file, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1e8 })
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return performance.now() - started
}

export function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = NaN, high = NaN] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]]
  return (low + high) / 2
}

/** The variables of the rehearsal that runs in this project, or undefined. */
export function rehearsalVariables(): Record<string, string> | undefined {
  const { status, stdout } = spawnSync(process.execPath, [cli, 'rehearse', '--print-env', '--json'], { cwd: root, encoding: 'utf8' })
  return status === 0 ? (JSON.parse(stdout) as Record<string, string>) : undefined
}
