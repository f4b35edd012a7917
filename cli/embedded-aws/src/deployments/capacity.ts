import type { Task } from '../records.ts'

/** Names of capacity providers and availability zones that have no room for a task at present. */
export type Capacity = { unavailable: Set<string> }

export const hasRoomFor = ({ unavailable }: Capacity, { availabilityZone, capacityProviderName = '' }: Task) =>
  !unavailable.has(availabilityZone) && !unavailable.has(capacityProviderName)
