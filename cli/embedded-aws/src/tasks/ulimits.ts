import { readFileSync } from 'node:fs'
import type { EngineApi } from '../engine/engine-api.ts'

type Ulimit = { Name: string; Soft: number; Hard: number }

export const toUlimit = ({ name, softLimit, hardLimit }: { name: string; softLimit: number; hardLimit: number }): Ulimit => ({
  Name: name,
  Soft: softLimit,
  Hard: hardLimit,
})

/** Limits that podman would raise by itself, which not everybody may: those of this process instead. */
export function defaultUlimits({ ownPodman }: EngineApi): Ulimit[] {
  if (!ownPodman) return []
  const limits = readLimits()
  return [
    { Name: 'nofile', line: 'Max open files' },
    { Name: 'nproc', line: 'Max processes' },
  ].flatMap(({ Name, line }) => {
    const [, hard] = new RegExp(`^${line}\\s+\\S+\\s+(\\d+)`, 'm').exec(limits) ?? []
    return hard ? [{ Name, Soft: Number(hard), Hard: Number(hard) }] : []
  })
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
