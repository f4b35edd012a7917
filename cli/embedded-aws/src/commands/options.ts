import { resolve } from 'node:path'
import { Option } from 'commander'
import { findRunning } from '../daemon/launch.ts'
import type { DaemonFile } from '../daemon/protocol.ts'
import { UserError } from '../user-error.ts'

/** Options of every command. */
export type CommonFlags = { state: string; json: boolean }

export const stateOption = () =>
  new Option('--state <dir>', 'where its state lies; several can run at once, each in a folder of its own')
    .default('.embedded-aws')
    .env('EMBEDDED_AWS_STATE')

export const jsonOption = () => new Option('--json', 'print the result as JSON').default(false)

export const regionOption = () => new Option('--region <region>', 'the region that programs are pointed at').env('AWS_REGION').default('us-east-1')

/** The folder as it was given, or the default one; absolute, since it labels containers. */
export const stateDirOf = ({ state }: CommonFlags): string => resolve(state)

/** @throws UserError when none runs */
export async function requireRunning(stateDir: string): Promise<DaemonFile> {
  const running = await findRunning(stateDir)
  if (running) return running
  throw new UserError(`No embedded AWS runs in ${stateDir}.`, { fix: 'Start one with `embedded-aws start`, or name its folder with --state.' })
}
