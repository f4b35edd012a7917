import type { Project } from '../../platform/project.ts'
import type { Item } from './items.ts'
import { readFiles, type ConfigurationFile } from './read-files.ts'

/**
 * Where each input variable gets its value: in a file of values, or else by its default.
 * @returns `file:line` by name, relative to the project; nothing for what the environment sets
 */
export async function locateInputs(project: Project): Promise<Map<string, string>> {
  const { inputs, terraform } = await readFiles(project, [])
  const places = new Map<string, string>()
  for (const file of terraform) {
    for (const variable of file.items.filter(({ name }) => name === 'variable')) {
      for (const [name, item] of declared(variable)) places.set(name, placeOf(file, item.items.find((each) => each.name === 'default') ?? item))
    }
  }
  for (const file of inputs) for (const item of file.items) places.set(item.name, placeOf(file, item))
  for (const name of places.keys()) if (process.env[`TF_VAR_${name}`] !== undefined) places.delete(name)
  return places
}

/** A block declares one; in JSON one property declares them all. */
const declared = (item: Item): [string, Item][] => (item.labels[0] ? [[item.labels[0], item]] : item.items.map((each) => [each.name, each]))

const placeOf = ({ source }: ConfigurationFile, { start }: Item) => `${source.file}:${source.place(start).line}`
