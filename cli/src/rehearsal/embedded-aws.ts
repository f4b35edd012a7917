// The embedded AWS is a program of its own: it is known by its command, its URL and the variables that lead to it.
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import { ProgramError, run, type RunOptions } from '../platform/run.ts'
import type { Say } from '../platform/terminal/terminal.ts'

const environmentSchema = z.object({ set: z.record(z.string(), z.string()), unset: z.array(z.string()) })

/** Variables to set and to unset. */
export type Environment = z.infer<typeof environmentSchema>

type StartOptions = {
  /** Where its state lies. */
  stateDir: string
  /** The Python that has ministack. */
  python: string
  region: string
  /** How many of AWS's seconds pass in one. */
  speed: number
  /** Runs the tasks; with none they are processes of this machine. */
  engine: 'docker' | 'podman' | 'none'
  /** Those that have a key; none: one of its own choice. */
  accounts: string[]
  /** The one whose key is used. */
  account: string | undefined
  /** The name that HTTPS listeners have a certificate for. */
  domainName: string | undefined
}

/**
 * Starts it, or finds the one that runs there already.
 * @param say is told what it waits for
 * @returns what leads programs to it
 * @throws CliError `unavailable`
 */
export async function startEmbeddedAws({ stateDir, python, region, speed, engine, accounts, account, domainName }: StartOptions, say: Say): Promise<Environment> {
  const args = ['--region', region, '--python', python, '--speed', String(speed), '--engine', engine]
  const more = [...(accounts.length > 0 ? ['--account', accounts.join(',')] : []), ...(domainName ? ['--domain', domainName] : [])]
  await ask('start', stateDir, [...args, ...more], { onLine: sayAsides(say) }).catch((error: unknown) => {
    if (!(error instanceof ProgramError)) throw error
    throw new CliError('unavailable', 'The embedded AWS did not start.', { cause: error.result.stderr })
  })
  const environment = await readEnvironment(stateDir, region, account)
  if (environment) return environment
  throw new CliError('unavailable', 'The embedded AWS has ended as soon as it was started.', { fix: 'Run it again.' })
}

/** Stops it and removes its containers and its state. @param say is told what is left where that does not succeed */
export async function removeEmbeddedAws(stateDir: string, say: Say): Promise<void> {
  await ask('stop', stateDir, ['--remove'], { timeoutSeconds: removeSeconds, onLine: sayAsides(say) })
}

/** @returns what leads programs to the one that runs, or undefined when none runs */
export async function readEnvironment(stateDir: string, region: string, account?: string): Promise<Environment | undefined> {
  const { exitCode, stdout } = await ask('env', stateDir, ['--region', region, ...(account ? ['--account', account] : [])], { accept: [0, noneRuns] })
  return exitCode === noneRuns ? undefined : environmentSchema.parse(JSON.parse(stdout))
}

/** The exit code of `embedded-aws env` when none runs. */
const noneRuns = 4

/** It ends its tasks by force after ten seconds; an engine that hangs must not keep anybody longer. */
const removeSeconds = 90

const ask = (command: 'start' | 'stop' | 'env', stateDir: string, args: string[], options: RunOptions) =>
  run('embedded-aws', [command, '--state', stateDir, '--json', ...args], { installHint: 'Run `npm ci`.', ...options })

/** What is not its answer; an error comes back whole. */
const sayAsides = (say: Say): RunOptions['onLine'] => (line, stream) => {
  if (stream === 'stderr' && !/^(error: | {2}(cause|fix): )/.test(line)) say(line)
}
