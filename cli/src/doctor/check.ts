import type { Facts } from './facts.ts'

/** `unknown`: it could not be looked at, so nothing is said of it. */
export type Status = 'ok' | 'skip' | 'unknown' | 'warn' | 'fail'

/** What a check found, and where it is not as it should be, what to do. */
export type Verdict = { status: Status; value: string; fix?: string | undefined }

/** What one check found; `isUnseen`: it could not look. */
export type Result = Verdict & { group: string; name: string; neededBy: string[]; isUnseen?: true }

export type Check = {
  name: string
  /** The commands that need it to be right. */
  neededBy: string[]
  /** Whether deploy looks, too, before it changes anything: it takes one call at most, and nothing of what is deployed. */
  beforeDeploy?: true
  /** What it throws becomes a verdict, too. */
  look: (facts: Facts) => Promise<Verdict> | Verdict
}

export type Group = { name: string; checks: Check[] }

/** Thrown by a fact that cannot be had here, so that what needs it is left out. */
export class Skipped extends Error {}

export const ok = (value: string): Verdict => ({ status: 'ok', value })
export const warn = (value: string, fix: string): Verdict => ({ status: 'warn', value, fix })
export const fail = (value: string, fix: string): Verdict => ({ status: 'fail', value, fix })
export const skip = (why: string): Verdict => ({ status: 'skip', value: why })
