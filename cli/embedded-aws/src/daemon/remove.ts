import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findPodman } from '../engine/podman.ts'
import { labels } from '../tasks/container-spec.ts'
import { endOrphans } from '../tasks/processes/orphans.ts'
import { stopEmbeddedAws, stopWhatRuns } from './launch.ts'
import { clearEngine, readEngine } from './leave-engine.ts'
import { withLock } from './lock.ts'
import { filesOf } from './protocol.ts'

/** Tasks that are removed anyway need no time to end well. */
const patienceSeconds = 10
/** An engine that hangs must not keep anybody longer. */
const engineSeconds = 30

export type Removed = {
  /** Whether one ran. */
  stopped: boolean
  /** What an engine that does not answer may still hold, and how to remove it. */
  left: string | undefined
}

/** Stops the embedded AWS below `stateDir` and removes all it made: containers, networks and the folder itself. */
export function removeEmbeddedAws(stateDir: string, onWait: () => void): Promise<Removed> {
  return withLock(filesOf(stateDir).lock, onWait, async () => {
    const stopped = await stopWhatRuns(stateDir, patienceSeconds)
    await endOrphans(join(stateDir, 'processes', 'running'))
    const trouble = await clear(stateDir)
    await stopEmbeddedAws(stateDir, patienceSeconds)
    await rm(stateDir, { recursive: true, force: true })
    const left = trouble && `${trouble}\n  Once it answers: docker rm --force $(docker ps --all --quiet --filter label=${labels.rehearsal}=${stateDir})`
    return { stopped, left }
  })
}

async function clear(stateDir: string): Promise<string | undefined> {
  const used = readEngine(stateDir)
  if (!used) return undefined
  // podman's service may have ended; another one finds the same containers.
  const engine = used.podman ? await findPodman(process.env, stateDir).catch(() => used) : used
  const late = sleep(engineSeconds * 1000, `The container engine at ${engine.host} has not removed its containers within ${engineSeconds} s.`, { ref: false })
  return Promise.race([clearEngine(engine, stateDir), late])
}
