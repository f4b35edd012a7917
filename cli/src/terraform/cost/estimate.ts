import { z } from 'zod'
import { defaultAssumptions, isFree, pricers, pricesDate, pricesRegion, type Assumptions, type Part, type PlannedResource } from './resources.ts'

/** What one resource costs a month, and by how much the plan changes that. */
export type ResourceCost = { address: string; type: string; parts: Part[]; usd: number; change: number }

/** An estimate of a month, by list prices. */
export type Cost = {
  usd: number
  change: number
  resources: ResourceCost[]
  /** Types of which no price is known. */
  unpriced: string[]
  assumptions: Assumptions
  prices: { date: string; region: string }
}

const changesSchema = z.array(
  z.looseObject({
    address: z.string(),
    mode: z.string().default('managed'),
    type: z.string(),
    change: z.looseObject({ before: z.unknown().optional(), after: z.unknown().optional() }),
  }),
)
const valuesSchema = z.record(z.string(), z.unknown())

/**
 * Estimates what the resources of a plan cost a month, before and after it.
 * @param changes `resource_changes` of `terraform show -json`, those without a change among them
 */
export function estimateCost(changes: unknown, assumptions: Assumptions = defaultAssumptions): Cost {
  const managed = changesSchema.parse(changes).filter(({ mode }) => mode === 'managed')
  const side = (which: 'before' | 'after'): PlannedResource[] =>
    managed.flatMap(({ address, type, change }) => {
      const values = valuesSchema.safeParse(change[which]).data
      return values ? [{ address, type, values }] : []
    })
  const [before, after] = [side('before'), side('after')]
  const partsOf = (resource: PlannedResource | undefined, all: PlannedResource[]) => (resource ? (pricers[resource.type]?.(resource.values, assumptions, all) ?? []) : [])
  const resources = managed
    .filter(({ type }) => pricers[type])
    .map(({ address, type }) => {
      const parts = partsOf(after.find((each) => each.address === address), after)
      const was = sum(partsOf(before.find((each) => each.address === address), before))
      return { address, type, parts, usd: sum(parts), change: sum(parts) - was }
    })
    .filter(({ parts, change }) => parts.length > 0 || change !== 0)
    .sort((a, b) => b.usd - a.usd)
  const total = (name: 'usd' | 'change') => resources.reduce((all, each) => all + each[name], 0)
  const unpriced = [...new Set(after.map(({ type }) => type).filter((type) => !pricers[type] && !isFree(type)))].sort()
  return { usd: total('usd'), change: total('change'), resources, unpriced, assumptions, prices: { date: pricesDate, region: pricesRegion } }
}

const sum = (parts: Part[]) => parts.reduce((all, { usd }) => all + (usd ?? 0), 0)

/** A line for the summary of a plan. */
export function describeCost({ usd, change, prices, unpriced }: Cost): string {
  const changed = Math.abs(change) < 0.005 ? 'no change' : `${change > 0 ? '+' : '−'}${Math.abs(change).toFixed(2)}`
  const left = unpriced.length > 0 ? `, without ${unpriced.join(', ')}` : ''
  return `about ${usd.toFixed(2)} USD a month (${changed}), by list prices of ${prices.region} as of ${prices.date}${left}`
}
