import type { Command } from 'commander'
import { environmentFor } from '../environment.ts'
import { jsonOption, regionOption, requireRunning, stateDirOf, stateOption, type CommonFlags } from './options.ts'

type Flags = CommonFlags & { region: string }

export function registerEnv(program: Command): void {
  program
    .command('env')
    .description('print the variables that point terraform, an SDK or the aws CLI at it, for a shell to read')
    .addOption(stateOption())
    .addOption(regionOption())
    .addOption(jsonOption())
    .action(printEnvironment)
}

async function printEnvironment(flags: Flags): Promise<void> {
  const stateDir = stateDirOf(flags)
  const { url } = await requireRunning(stateDir)
  const environment = environmentFor({ url, region: flags.region, stateDir }, process.env)
  if (flags.json) return void process.stdout.write(`${JSON.stringify(environment)}\n`)
  for (const name of environment.unset) process.stdout.write(`unset ${name}\n`)
  for (const [name, value] of Object.entries(environment.set)) process.stdout.write(`export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
}
