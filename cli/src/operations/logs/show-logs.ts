import type { LogEvent } from '../../platform/aws/logs.ts'
import type { Terminal } from '../../platform/terminal/terminal.ts'
import type { Deployed } from '../open-service.ts'
import { formatEvent, taskOf } from './format-event.ts'
import { findPreviousTask } from './previous.ts'
import { describeSource, findLogSource, type LogSource } from './source.ts'
import { tail } from './tail.ts'

export type LogFlags = {
  follow: boolean
  since: Date
  filter?: string
  /** Id of a task, or how it begins. */
  task?: string
  previous: boolean
}

/**
 * Prints the app's log lines, and on stderr what of them may be missing.
 * @throws CliError `unavailable`
 */
export async function showLogs(deployed: Deployed, flags: LogFlags, terminal: Terminal): Promise<void> {
  const source = await findLogSource(deployed)
  terminal.note(terminal.colors.dim(describeSource(source)))
  const asked = flags.previous ? await askForPrevious(deployed, source, flags, terminal) : { from: flags.since, task: flags.task ?? '' }
  const tasks = new Set<string>()
  // Nobody reads on when the output is closed (`| head`).
  const isOver = () => !flags.follow || flags.previous || process.stdout.destroyed
  const note = (text: string) => terminal.note(terminal.colors.yellow(text))
  for await (const event of tail(source, { from: asked.from, streams: source.prefix + asked.task, filter: flags.filter, isOver, note })) {
    tasks.add(taskOf(event))
    printEvent(event, terminal)
    if (process.stdout.destroyed) return
  }
  if (tasks.size === 0) terminal.note(`No line${flags.filter ? ' that fits the filter' : ''} since ${asked.from.toISOString()}.`)
  else if (!flags.previous && !flags.filter && !flags.task && !flags.follow) await tellOfSilent(deployed, tasks, terminal)
}

async function askForPrevious(deployed: Deployed, source: LogSource, { task }: LogFlags, terminal: Terminal): Promise<{ from: Date; task: string }> {
  const { id, from, ended } = await findPreviousTask(deployed, source, task)
  terminal.print(terminal.outColors.bold(ended))
  if (terminal.json) terminal.note(ended)
  return { from, task: id }
}

function printEvent(event: LogEvent, terminal: Terminal): void {
  const { at, stream, message } = event
  terminal.print(formatEvent(event, terminal.outColors))
  terminal.printJsonLine({ time: at.toISOString(), task: taskOf(event), stream, message })
}

/** A task that runs and writes nothing may be as telling as one that does. */
async function tellOfSilent({ service }: Deployed, tasks: Set<string>, terminal: Terminal): Promise<void> {
  const running = await service.tasks('RUNNING')
  const silent = running.map(({ taskArn = '' }) => taskArn.split('/').at(-1) ?? '').filter((id) => !tasks.has(id))
  if (silent.length > 0) terminal.note(`Wrote nothing in that time: ${silent.map((id) => `task ${id.slice(0, 8)}`).join(', ')}.`)
}
