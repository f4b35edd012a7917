import { readFile } from 'node:fs/promises'
import { EngineError } from '../../engine/engine-api.ts'

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the fields after the program's name, of which the first is the third. */
const userTicks = 11
const systemTicks = 12
const residentPages = 21
/** What Linux counts in, on every machine that Node runs on. */
const nanosecondsPerTick = 10_000_000
const bytesPerPage = 4096

/**
 * What a process has used, without its children, in the shape of an engine's statistics.
 * @throws EngineError where the process is gone, or the machine has no /proc
 */
export async function readUsage(pid: number | undefined) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => {
    throw new EngineError(404, `nothing is known of process ${pid}`)
  })
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number)
  const ticks = (fields[userTicks] ?? 0) + (fields[systemTicks] ?? 0)
  return {
    cpu_stats: { cpu_usage: { total_usage: ticks * nanosecondsPerTick } },
    memory_stats: { usage: (fields[residentPages] ?? 0) * bytesPerPage },
  }
}
