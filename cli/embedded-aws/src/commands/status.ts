import type { Command } from 'commander'
import { jsonOption, requireRunning, stateDirOf, stateOption, type CommonFlags } from './options.ts'

export function registerStatus(program: Command): void {
  program.command('status').description('say where it serves').addOption(stateOption()).addOption(jsonOption()).action(status)
}

async function status(flags: CommonFlags): Promise<void> {
  const { url, speed, tasksAre } = await requireRunning(stateDirOf(flags))
  if (flags.json) return void process.stdout.write(`${JSON.stringify({ url, speed, tasksAre })}\n`)
  process.stdout.write(`The embedded AWS serves at ${url}; tasks are ${tasksAre}; speed ${speed}.\n`)
}
