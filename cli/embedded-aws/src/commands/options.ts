import { resolve } from 'node:path'
import { Option } from 'commander'
import { openKeys } from '../access/keys.ts'
import { findRunning } from '../daemon/launch.ts'
import { filesOf, type DaemonFile } from '../daemon/protocol.ts'
import { callOwnApi, statusPath } from '../own-api.ts'
import { statusSchema, type Status } from '../status.ts'
import { UserError } from '../user-error.ts'

/** Options of every command. */
export type CommonFlags = { state: string; json: boolean }

export const stateOption = () =>
  new Option('--state <dir>', 'where its state lies; several can run at once, each in a folder of its own')
    .default('.embedded-aws')
    .env('EMBEDDED_AWS_STATE')

export const jsonOption = () => new Option('--json', 'print the result as JSON').default(false)

export const regionOption = () => new Option('--region <region>', 'the region that programs are pointed at').env('AWS_REGION').default('us-east-1')

export const accountOption = () => new Option('--account <id>', 'the account that programs act in (default: the first one)')

/** The folder as it was given, or the default one; absolute, since it labels containers. */
export const stateDirOf = ({ state }: CommonFlags): string => resolve(state)

/** @throws UserError when none runs */
export async function requireRunning(stateDir: string): Promise<DaemonFile & { healthy: boolean }> {
  const running = await findRunning(stateDir)
  if (running) return running
  throw new UserError(`No embedded AWS runs in ${stateDir}.`, { fix: 'Start one with `embedded-aws start`, or name its folder with --state.' })
}

/** @throws UserError when it refuses */
export async function askStatus(stateDir: string, url: string): Promise<Status> {
  return statusSchema.parse(await callOwnApi(url, openKeys(filesOf(stateDir).keys).issued(), statusPath))
}
