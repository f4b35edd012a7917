import { readFileSync } from 'node:fs'
import type { EngineApi } from '../engine/engine-api.ts'

type Ulimit = { Name: string; Soft: number; Hard: number }

export const toUlimit = ({ name, softLimit, hardLimit }: { name: string; softLimit: number; hardLimit: number }): Ulimit => ({
  Name: name,
  Soft: softLimit,
  Hard: hardLimit,
})

/** Limits that podman would raise by itself, which not everybody may: those of its service instead. */
export function defaultUlimits({ podman }: EngineApi): Ulimit[] {
  if (podman === undefined) return []
  const limits = readLimits(podman)
  return [
    { Name: 'nofile', line: 'Max open files' },
    { Name: 'nproc', line: 'Max processes' },
  ].flatMap(({ Name, line }) => {
    const [, hard] = new RegExp(`^${line}\\s+\\S+\\s+(\\d+)`, 'm').exec(limits) ?? []
    return hard ? [{ Name, Soft: Number(hard), Hard: Number(hard) }] : []
  })
}

function readLimits(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/limits`, 'utf8')
  } catch {
    return ''
  }
}
