import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { engineAddressSchema, type EngineAddress } from '../engine/address.ts'
import { answers, createEngineApi, type EngineApi } from '../engine/engine-api.ts'
import { readJson, writeJson } from '../files.ts'
import { labels } from '../tasks/container-spec.ts'
import { removeContainers } from '../tasks/remove-containers.ts'
import { filesOf } from './protocol.ts'

const fileSchema = z.object({ version: z.literal(1), engine: engineAddressSchema })

/**
 * Notes the engine that is about to run tasks. What a daemon that was killed has left in another one is removed from it.
 * @param engine where they are to run from now on
 */
export async function leaveEngine(stateDir: string, engine: EngineAddress | 'none'): Promise<void> {
  const before = readEngine(stateDir)
  if (before && !isDeepStrictEqual(before, engine)) await clearEngine(before, stateDir)
  if (engine !== 'none') await writeJson(filesOf(stateDir).engine, { version: 1, engine })
}

/** @returns the engine that has run tasks; a file of another version tells nothing */
export function readEngine(stateDir: string): EngineAddress | undefined {
  try {
    return readJson(filesOf(stateDir).engine, fileSchema)?.engine
  } catch {
    return undefined
  }
}

/** @returns what is left there, for a person to read; undefined when nothing is */
export async function clearEngine(engine: EngineAddress, stateDir: string): Promise<string | undefined> {
  try {
    const api = await createEngineApi(engine)
    await removeAll(api, stateDir).finally(api.close)
    return undefined
  } catch (error) {
    return `The container engine at ${engine.host} did not let its containers be removed: ${(error as Error).message}`
  }
}

async function removeAll(engine: EngineApi, stateDir: string): Promise<void> {
  const filters = JSON.stringify({ label: [`${labels.rehearsal}=${stateDir}`] })
  const containers = await engine.read(answers.containers, 'GET', '/containers/json', { query: { all: 'true', filters } })
  await removeContainers(engine, containers)
  const networks = await engine.read(answers.networks, 'GET', '/networks', { query: { filters } })
  await Promise.all(networks.map(({ Id }) => engine.call('DELETE', `/networks/${Id}`)))
}
