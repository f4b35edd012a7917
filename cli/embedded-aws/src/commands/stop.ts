import type { Command } from 'commander'
import { stopEmbeddedAws } from '../daemon/launch.ts'
import { removeEmbeddedAws } from '../daemon/remove.ts'
import { jsonOption, stateDirOf, stateOption, type CommonFlags } from './options.ts'

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
  const stopped = flags.remove ? await removeEmbeddedAws(stateDir, process.env) : await stopEmbeddedAws(stateDir)
  if (flags.json) return void process.stdout.write(`${JSON.stringify({ stopped, removed: flags.remove })}\n`)
  process.stdout.write(stopped ? 'Stopped.\n' : `No embedded AWS ran in ${stateDir}.\n`)
}
