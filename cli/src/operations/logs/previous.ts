import type { Task } from '../../platform/aws/ecs.ts'
import { CliError } from '../../platform/errors.ts'
import { exitMeaning } from '../../rollout/causes.ts'
import { failedContainer, idOf, shorten } from '../../rollout/timeline.ts'
import type { Deployed } from '../../rollout/open.ts'
import type { LogSource } from './source.ts'

/** A task that runs no more: its id, the beginning of its log, and how it ended as far as that is known. */
export type PreviousTask = { id: string; from: Date; ended: string }

/**
 * The task that stopped last. ECS forgets tasks about an hour after they stopped; their logs stay.
 * @param id or how it begins: another one than the last
 * @throws CliError `unavailable` when none is known
 */
export async function findPreviousTask({ service, outputs }: Deployed, source: LogSource, id = ''): Promise<PreviousTask> {
  const stopped = (await service.tasks('STOPPED')).filter(({ taskArn = '', lastStatus }) => lastStatus === 'STOPPED' && idOf(taskArn).startsWith(id))
  const last = stopped.toSorted((a, b) => Number(b.stoppedAt) - Number(a.stoppedAt))[0]
  if (last) return { id: idOf(last.taskArn), from: last.createdAt ?? new Date(0), ended: describeEnd(last, outputs.container_name) }
  const running = new Set((await service.tasks('RUNNING')).map(({ taskArn }) => idOf(taskArn)))
  const streams = (await source.log.listStreams()).filter(({ name }) => name.startsWith(`${source.prefix}${id}`) && !running.has(idOf(name)))
  const [stream] = streams
  if (!stream) {
    throw new CliError('unavailable', `No task that stopped${id ? ` and begins with ${id}` : ''} is known, and ${source.group} has no log of one.`, {
      fix: 'Without --previous, `fargate-ctl logs` shows the tasks that run.',
    })
  }
  const { name, lastAt } = stream
  const ended = `task ${idOf(name).slice(0, 8)} runs no more${lastAt ? `; its last line is of ${lastAt.toISOString()}` : ''}. ECS tells for an hour why a task stopped, and no longer.`
  return { id: idOf(name), from: new Date(0), ended }
}

/** `task 1f32cba2 stopped at 2026-11-26T03:32:21Z, exit 137 (memory): Essential container in task exited`. */
export function describeEnd(task: Task, app: string | undefined): string {
  const { exitCode, reason = '' } = failedContainer(task, app) ?? {}
  const meaning = /OutOfMemory/.test(reason) ? 'memory' : exitCode === 137 ? exitMeaning(exitCode) : undefined
  const exit = exitCode === undefined ? 'no exit code' : `exit ${exitCode}`
  const at = task.stoppedAt?.toISOString().replace(/\.\d+Z$/, 'Z') ?? 'an unknown time'
  const why = [shorten(task.stoppedReason ?? ''), reason !== task.stoppedReason ? reason : ''].filter(Boolean).join('; ')
  return `task ${idOf(task.taskArn).slice(0, 8)} stopped at ${at}, ${exit}${meaning ? ` (${meaning})` : ''}${why ? `: ${why}` : ''}`
}
