import { rm } from 'node:fs/promises'
import { labels } from '../tasks/container-spec.ts'
import { answers, createEngineApi, type EngineApi } from '../tasks/engine-api.ts'
import { stopEmbeddedAws } from './launch.ts'

/** Stops the embedded AWS below `stateDir` and removes all it made: containers, networks and the folder itself. */
export async function removeEmbeddedAws(stateDir: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const stopped = await stopEmbeddedAws(stateDir)
  const engine = await createEngineApi(env).catch(() => undefined)
  // Where no engine answers, nothing of it can be there.
  if (engine) await removeContainers(engine, stateDir).catch(() => undefined)
  engine?.close()
  await rm(stateDir, { recursive: true, force: true })
  return stopped
}

async function removeContainers(engine: EngineApi, stateDir: string): Promise<void> {
  const filters = JSON.stringify({ label: [`${labels.rehearsal}=${stateDir}`] })
  const containers = await engine.read(answers.containers, 'GET', '/containers/json', { query: { all: 'true', filters } })
  await Promise.all(containers.map(({ Id }) => engine.call('DELETE', `/containers/${Id}`, { query: { force: 'true', v: 'true' } })))
  const networks = await engine.read(answers.networks, 'GET', '/networks', { query: { filters } })
  await Promise.all(networks.map(({ Id }) => engine.call('DELETE', `/networks/${Id}`)))
}
