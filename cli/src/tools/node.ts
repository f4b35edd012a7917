import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.ts'

type Manifest = { version?: string; scripts?: Record<string, string> }

/** The folder's package.json, or an empty one. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}')
  return JSON.parse(text) as Manifest
}

/** Runs a package.json script as `npm run` would, without npm's start-up (https://nodejs.org/api/cli.html#--run). */
export async function runScript(folder: string, script: string): Promise<void> {
  await run(process.execPath, ['--run', script], { cwd: folder, killAfterSeconds: 5 })
}
