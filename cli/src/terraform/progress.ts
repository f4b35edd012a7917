import type { Message, Plan, Say } from './terraform.ts'

const actions = new Set(['create', 'update', 'replace', 'delete'])
/** Resources that take longer are named with their time; terraform tells it every ten seconds. */
const slowSeconds = 10

/** How long something took before; undefined where that is not known. */
export type Usual = { all: number | undefined; of: (address: string) => number | undefined }
const notKnown: Usual = { all: undefined, of: () => undefined }

/** A resource that took long. */
export type SlowResource = { address: string; seconds: number }

/**
 * Follows an apply by its messages, and says how many of the plan's resources are done and which ones are slow, with
 * the time that they take as a rule.
 * @returns what takes every message, and the resources that were slow
 */
export function followApply({ changes }: Pick<Plan, 'changes'>, say: Say, usual = notKnown): { onMessage: (message: Message) => void; slow: SlowResource[] } {
  const planned = changes.filter(({ action }) => actions.has(action))
  /** How often a resource is yet to be finished: a replacement destroys and creates. */
  const left = new Map(planned.map(({ address, action }) => [address, action === 'replace' ? 2 : 1]))
  const underWay = new Map<string, number>()
  const slow: SlowResource[] = []
  const onMessage = ({ type, hook }: Message) => {
    // Data sources are read in an apply, too.
    if (!hook || !type.startsWith('apply_') || !left.has(hook.resource.addr)) return
    const { resource: { addr: address }, elapsed_seconds: seconds = 0 } = hook
    if (type === 'apply_complete') left.set(address, (left.get(address) ?? 0) - 1)
    if (type === 'apply_complete' || type === 'apply_errored') underWay.delete(address)
    if (type === 'apply_complete' && seconds >= slowSeconds) slow.push({ address, seconds })
    if (type === 'apply_progress' && seconds >= slowSeconds) underWay.set(address, seconds)
    say(describe(left, underWay, usual))
  }
  return { onMessage, slow }
}

function describe(left: Map<string, number>, underWay: Map<string, number>, usual: Usual): string {
  const done = [...left.values()].filter((count) => count <= 0).length
  const usually = (seconds: number | undefined) => (seconds === undefined ? '' : `usually ${Math.round(seconds)} s`)
  const longest = [...underWay].sort(([, a], [, b]) => b - a).map(([address, seconds]) => {
    const known = usually(usual.of(address))
    return `${address} ${seconds} s${known && ` (${known})`}`
  })
  return [`${done} of ${left.size} done`, usually(usual.all), ...longest].filter(Boolean).join(', ')
}
