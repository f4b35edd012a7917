import { labels } from './container-spec.ts'
import { ignoreMissing, type EngineApi, type FoundContainer } from '../engine/engine-api.ts'

/** Removes containers of tasks: those that hold a network last, since podman keeps them for as long as others are in it. */
export async function removeContainers(engine: EngineApi, containers: FoundContainer[]): Promise<void> {
  const remove = ({ Id }: FoundContainer) => engine.call('DELETE', `/containers/${Id}`, { query: { force: 'true', v: 'true' } }).catch(ignoreMissing)
  const { inTask = [], network = [] } = Object.groupBy(containers, ({ Labels }) => (Labels?.[labels.container] ? 'inTask' : 'network'))
  await Promise.all(inTask.map(remove))
  await Promise.all(network.map(remove))
}
