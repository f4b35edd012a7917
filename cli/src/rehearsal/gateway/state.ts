import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A value that survives a restart, as a JSON file. */
export type State<T> = { value: T; save(value: T): Promise<void> }

export async function openState<T>(folder: string, name: string, empty: T): Promise<State<T>> {
  const file = join(folder, name)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const state: State<T> = {
    value: text === undefined ? empty : (JSON.parse(text) as T),
    async save(value) {
      state.value = value
      await writeFile(`${file}.part`, JSON.stringify(value, null, 2))
      await rename(`${file}.part`, file)
    },
  }
  return state
}
