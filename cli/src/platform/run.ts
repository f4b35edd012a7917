import { existsSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa, type Options } from 'execa'
import { CliError } from './errors.ts'
import { interruption } from './interrupts.ts'

export type RunOptions = {
  cwd?: string
  /** Added to this process's environment; `undefined` removes a variable. */
  env?: Record<string, string | undefined>
  /** Written to the program's standard input, the only way a secret may reach it besides the environment. */
  input?: string
  /** Called with every line of either stream as it comes. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void
  /** Exit codes that are an answer and not a failure; every code when 'any'. Default: 0. */
  accept?: readonly number[] | 'any'
  /** What to do when the program is not there. */
  installHint?: string
  /** Stops the program: one signal, then patience. Default: the command's own interruption. */
  signal?: AbortSignal
  /** Which signal an interruption becomes. terraform saves its state on SIGINT. */
  interruptWith?: 'SIGINT' | 'SIGTERM'
  /** A program that has not ended this many seconds after the interrupt is killed. Default: never. */
  killAfterSeconds?: number
  /** Called when that happens. */
  onKill?: () => void
  /**
   * The program has nothing to save: should this process be killed, which it cannot prevent or hear of, the program is
   * ended with all it started, and this folder removed.
   */
  endWithUs?: { removing: string }
  /** Kills what the program started and left running, as soon as it has ended itself. */
  endGroup?: boolean
  timeoutSeconds?: number
}

/** `exitCode` is 128 + its number when a signal ended the program, as in a shell. */
export type RunResult = { stdout: string; stderr: string; exitCode: number; signal?: string }

/** The program ran and refused: what it said is in `result`. */
export class ProgramError extends CliError {
  readonly result: RunResult
  constructor(file: string, args: readonly string[], result: RunResult) {
    const said = lastLines(result.stderr || result.stdout, 12)
    const end = result.signal ? `was ended by ${result.signal}` : `ended with exit code ${result.exitCode}`
    super('unavailable', `${[file, ...args.slice(0, 2)].join(' ')} ${end}.`, { cause: said || undefined })
    this.result = result
  }
}

/** The program is not there, or may not be executed. */
export class MissingProgramError extends CliError {
  constructor(file: string, hint: string | undefined, isThere: boolean) {
    const what = isThere ? `${file} may not be executed` : `The program ${file} is not installed or not on PATH`
    super('unavailable', `${what}.`, { fix: hint ?? 'Run `npm run setup` to install what the project needs.' })
  }
}

/**
 * Runs a program to its end and returns what it printed.
 *
 * The program gets a process group of its own: a Ctrl-C typed at the terminal then reaches this process only,
 * which passes exactly one interrupt on and waits for the program to end.
 *
 * @throws MissingProgramError, ProgramError when its exit code is not accepted,
 *   the interruption's reason when it was interrupted.
 */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const signal = options.signal ?? interruption
  signal.throwIfAborted()
  const child = execa(file, args, execaOptions(options))
  if (options.endGroup) child.nodeChildProcess.once('exit', () => signalGroup(child, 'SIGKILL'))
  const stopListening = forwardOneInterrupt(child, signal, options)
  const stopWatching = options.endWithUs && watchForOurEnd(child, options.endWithUs.removing)
  const deadline = watchDeadline(child, options.timeoutSeconds)
  const [ended] = await Promise.all([child, options.onLine && readLines(child, options.onLine)])
  stopListening()
  stopWatching?.()
  deadline.stop()
  if (child.pid === undefined) throw notStarted(file, options, ended)
  if (signal.aborted) throw signal.reason
  if (deadline.passed()) throw new CliError('unavailable', `${file} did not answer within ${options.timeoutSeconds} s.`)
  const result = readResult(ended)
  if (options.accept !== 'any' && !(options.accept ?? [0]).includes(result.exitCode)) {
    throw new ProgramError(file, args, result)
  }
  return result
}

/**
 * Lets a program have the terminal until it ends: what is typed, and Ctrl-C, is for it.
 * @returns its exit code @throws MissingProgramError
 */
export async function runOnTerminal(file: string, args: readonly string[], options: Pick<RunOptions, 'env' | 'installHint'>): Promise<number> {
  interruption.throwIfAborted()
  const env = { ...process.env, ...options.env }
  const child = execa(file, args, { stdio: 'inherit', env, extendEnv: false, reject: false, cleanup: false, forceKillAfterDelay: false })
  const { exitCode, code, cause } = await child
  if (child.pid === undefined) throw notStarted(file, options, { code, cause })
  return exitCode ?? 1
}

function execaOptions({ cwd, env, input }: RunOptions) {
  return {
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    env: { ...process.env, ...env },
    extendEnv: false,
    reject: false,
    detached: true,
    cleanup: false,
    forceKillAfterDelay: false,
    maxBuffer: 256 * 1024 * 1024,
  } satisfies Options
}

type Child = ReturnType<typeof execa>
type Ended = Awaited<Child>

function readResult({ stdout, stderr, exitCode, signal }: Ended): RunResult {
  const printed = { stdout: String(stdout ?? ''), stderr: String(stderr ?? '') }
  if (signal === undefined) return { ...printed, exitCode: exitCode ?? 1 }
  return { ...printed, exitCode: 128 + constants.signals[signal], signal }
}

function forwardOneInterrupt(child: Child, signal: AbortSignal, options: RunOptions): () => void {
  let deadline: NodeJS.Timeout | undefined
  const interrupt = () => {
    child.kill(options.interruptWith ?? 'SIGINT')
    if (!options.killAfterSeconds) return
    deadline = setTimeout(() => {
      options.onKill?.()
      signalGroup(child, 'SIGKILL')
    }, options.killAfterSeconds * 1000)
  }
  signal.addEventListener('abort', interrupt, { once: true })
  return () => {
    clearTimeout(deadline)
    signal.removeEventListener('abort', interrupt)
  }
}

/** A shell that waits at the end of a pipe: what it reads is word that all is over, and the pipe's end that this process is gone. */
function watchForOurEnd({ pid }: Child, folder: string): () => void {
  const script = 'read -r over || { kill -TERM -- "-$1"; rm -rf -- "$2"; }'
  const watcher = execa('sh', ['-c', script, 'sh', String(pid), folder], { stdin: 'pipe', stdout: 'ignore', stderr: 'ignore', detached: true, cleanup: false, reject: false })
  watcher.stdin.on('error', () => {})
  return () => void watcher.stdin.end('over\n')
}

/** Ends a program that takes too long together with what it started, which would otherwise keep its output open. */
function watchDeadline(child: Child, seconds: number | undefined): { passed(): boolean; stop(): void } {
  let passed = false
  let kill: NodeJS.Timeout | undefined
  const end = () => {
    passed = true
    signalGroup(child, 'SIGTERM')
    kill = setTimeout(() => signalGroup(child, 'SIGKILL'), 5000)
  }
  const timer = seconds === undefined ? undefined : setTimeout(end, seconds * 1000)
  return {
    passed: () => passed,
    stop() {
      clearTimeout(timer)
      clearTimeout(kill)
    },
  }
}

function signalGroup({ pid }: Child, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // The group ended meanwhile.
  }
}

async function readLines(child: Child, onLine: NonNullable<RunOptions['onLine']>): Promise<void> {
  const read = async (stream: 'stdout' | 'stderr') => {
    for await (const line of child.iterable({ from: stream })) onLine(String(line), stream)
  }
  await Promise.all([read('stdout'), read('stderr')]).catch(() => undefined)
}

function notStarted(file: string, { cwd, env, installHint }: RunOptions, { code, cause }: Pick<Ended, 'code' | 'cause'>): CliError {
  if (cwd !== undefined && !existsSync(cwd)) {
    return new CliError('usage', `The folder ${cwd}, in which ${file} runs, does not exist.`)
  }
  if (code !== 'ENOENT' && code !== 'EACCES') return new CliError('unavailable', `${file} could not be started.`, { cause })
  return new MissingProgramError(file, installHint, code === 'EACCES' && isFile(file, env?.PATH ?? process.env.PATH))
}

/** The system says EACCES also where a folder on PATH may not be read, or has the program's name. */
function isFile(file: string, path = ''): boolean {
  const places = file.includes('/') ? [file] : path.split(delimiter).map((folder) => join(folder, file))
  return places.some((place) => existsSync(place) && statSync(place).isFile())
}

function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n')
}
