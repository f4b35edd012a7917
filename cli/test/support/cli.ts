import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../..', import.meta.url))
const launcher = join(root, 'cli', 'bin', 'fargate-ctl.js')

export type CliOptions = { cwd?: string; env?: Record<string, string | undefined>; path?: string[] }
export type CliResult = { exitCode: number | null; signal: string | null; stdout: string; stderr: string }
export type RunningCli = { child: ChildProcess; ended: Promise<CliResult>; stdout: () => string; stderr: () => string }

/** Starts the bundled CLI as a user would. `path` are folders of fake programs, put before everything else. */
export function startCli(args: string[], { cwd = root, env = {}, path = [] }: CliOptions = {}): RunningCli {
  return follow(spawn(process.execPath, [launcher, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: environment(env, path) }))
}

const runOnTerminal = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))'

/**
 * The same on a pseudo-terminal: `type` presses keys, and what is printed on either stream comes in `stdout`, but for
 * what a redirection such as `>/dev/null` in `redirect` takes away.
 */
export function startCliOnTerminal(args: string[], { redirect = '', ...options }: CliOptions & { redirect?: string } = {}) {
  const { cwd = root, env = {}, path = [] } = options
  const command = ['sh', '-c', `stty cols 120 rows 40; exec "$@" ${redirect}`, 'sh', process.execPath, launcher, ...args]
  const child = spawn('python3', ['-c', runOnTerminal, ...command], { cwd, stdio: 'pipe', env: environment({ TERM: 'xterm', ...env }, path) })
  return { ...follow(child), type: (keys: string) => void child.stdin.write(keys) }
}

function environment(env: Record<string, string | undefined>, path: string[]): Record<string, string> {
  return cleanEnvironment({
    ...process.env,
    PATH: [...path, dirname(process.execPath), process.env.PATH].join(delimiter),
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    CI: undefined,
    GITHUB_ACTIONS: undefined,
    GITHUB_STEP_SUMMARY: undefined,
    // What tap loads into every process quadruples the time this one takes.
    NODE_OPTIONS: undefined,
    // Out of the folders for temporary files that tests look into.
    NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
    ...env,
  })
}

function follow(child: ChildProcessByStdio<Writable | null, Readable, Readable>): RunningCli {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<CliResult>((resolve) =>
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr })),
  )
  return { child, ended, stdout: () => stdout, stderr: () => stderr }
}

/** Runs the CLI to its end. */
export function runCli(args: string[], options?: CliOptions): Promise<CliResult> {
  return startCli(args, options).ended
}

function cleanEnvironment(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
