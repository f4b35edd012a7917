import { spawn, type ChildProcess } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url))
const launcher = join(root, 'cli', 'bin', 'fargate-ctl.js')

export type CliOptions = { cwd?: string; env?: Record<string, string | undefined>; path?: string[] }
export type CliResult = { exitCode: number | null; signal: string | null; stdout: string; stderr: string }
export type RunningCli = { child: ChildProcess; ended: Promise<CliResult>; stderr: () => string }

/** Starts the bundled CLI as a user would. `path` are folders of fake programs, put before everything else. */
export function startCli(args: string[], { cwd = root, env = {}, path = [] }: CliOptions = {}): RunningCli {
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment({
      ...process.env,
      PATH: [...path, dirname(process.execPath), process.env.PATH].join(delimiter),
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      CI: undefined,
      GITHUB_ACTIONS: undefined,
      GITHUB_STEP_SUMMARY: undefined,
      ...env,
    }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<CliResult>((resolve) =>
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr })),
  )
  return { child, ended, stderr: () => stderr }
}

/** Runs the CLI to its end. */
export function runCli(args: string[], options?: CliOptions): Promise<CliResult> {
  return startCli(args, options).ended
}

function cleanEnvironment(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
