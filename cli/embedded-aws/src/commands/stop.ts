import type { Command } from 'commander'
import { findRunning, stopEmbeddedAws } from '../daemon/launch.ts'
import { withLock } from '../daemon/lock.ts'
import { filesOf } from '../daemon/protocol.ts'
import { removeEmbeddedAws, type Removed } from '../daemon/remove.ts'
import { UserError } from '../user-error.ts'
import { askStatus, jsonOption, stateDirOf, stateOption, type CommonFlags } from './options.ts'

type Flags = CommonFlags & { remove: boolean }

export function registerStop(program: Command): void {
  program
    .command('stop')
    .description('stop it and its tasks; what it holds is there again after the next start')
    .addOption(stateOption())
    .option('--remove', 'remove all that it made, too', false)
    .addOption(jsonOption())
    .action(stop)
}

async function stop(flags: Flags): Promise<void> {
  const stateDir = stateDirOf(flags)
  sayWhatIsLeft(stateDir, flags)
  const onWait = () => void process.stderr.write(`Another command starts or stops the embedded AWS in ${stateDir}; waiting for it.\n`)
  const { stopped, left } = flags.remove ? await removeEmbeddedAws(stateDir, onWait) : await justStop(stateDir, onWait)
  if (left) process.stderr.write(`warning: ${left}\n`)
  if (flags.json) return void process.stdout.write(`${JSON.stringify({ stopped, removed: flags.remove, left: left ?? null })}\n`)
  process.stdout.write(stopped ? 'Stopped.\n' : `No embedded AWS ran in ${stateDir}.\n`)
}

async function justStop(stateDir: string, onWait: () => void): Promise<Removed> {
  await refuseToLose(stateDir)
  return { stopped: await withLock(filesOf(stateDir).lock, onWait, () => stopEmbeddedAws(stateDir)), left: undefined }
}

/** @throws UserError when what it holds cannot be saved now */
async function refuseToLose(stateDir: string): Promise<void> {
  const running = await findRunning(stateDir)
  const unsaved = running && (await askStatus(stateDir, running.url)).unsaved
  if (!unsaved) return
  throw new UserError('The embedded AWS cannot save its state, and goes on so that nothing is lost.', {
    fix: 'Make room and run it again, or give up what it holds: `embedded-aws stop --remove`.',
    cause: unsaved,
  })
}

/** Whoever is interrupted has ended some of it, and can end the rest later. */
function sayWhatIsLeft(stateDir: string, { remove }: Flags): void {
  for (const [signal, exitCode] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    process.once(signal, () => {
      process.stderr.write(`Interrupted: what has not ended yet goes on in ${stateDir}. To end it: embedded-aws stop${remove ? ' --remove' : ''} --state ${stateDir}\n`)
      // eslint-disable-next-line n/no-process-exit -- nobody waits any longer
      process.exit(exitCode)
    })
  }
}
