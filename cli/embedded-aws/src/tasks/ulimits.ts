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
    { Name: 'nofile', line: /^Max open files\s+\S+\s+(\d+)/m },
    { Name: 'nproc', line: /^Max processes\s+\S+\s+(\d+)/m },
  ].flatMap(({ Name, line }) => {
    const [, hard] = line.exec(limits) ?? []
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
