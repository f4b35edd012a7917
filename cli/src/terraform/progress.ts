import type { Message, Plan, Say } from './terraform.ts'

const actions = new Set(['create', 'update', 'replace', 'delete'])
/** Resources that take longer are named with their time; terraform tells it every ten seconds. */
const slowSeconds = 10

/**
 * Follows an apply by its messages, and says how many of the plan's resources are done and which ones are slow.
 * @returns what takes every message
 */
export function followApply({ changes }: Pick<Plan, 'changes'>, say: Say): (message: Message) => void {
  const planned = changes.filter(({ action }) => actions.has(action))
  /** How often a resource is yet to be finished: a replacement destroys and creates. */
  const left = new Map(planned.map(({ address, action }) => [address, action === 'replace' ? 2 : 1]))
  const slow = new Map<string, number>()
  return ({ type, hook }) => {
    if (!hook) return
    const { addr } = hook.resource
    if (type === 'apply_complete') left.set(addr, (left.get(addr) ?? 1) - 1)
    if (type === 'apply_complete' || type === 'apply_errored') slow.delete(addr)
    if (type === 'apply_progress' && (hook.elapsed_seconds ?? 0) >= slowSeconds) slow.set(addr, hook.elapsed_seconds ?? 0)
    if (type.startsWith('apply_')) say(describe(planned.length, left, slow))
  }
}

function describe(all: number, left: Map<string, number>, slow: Map<string, number>): string {
  const done = [...left.values()].filter((count) => count <= 0).length
  const longest = [...slow].sort(([, a], [, b]) => b - a).map(([address, seconds]) => `${address} ${seconds} s`)
  return [`${done} of ${all} done`, ...longest].join(', ')
}
