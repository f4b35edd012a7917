import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../errors.ts'
import { ProgramError, run } from './run.ts'

type Manifest = { version?: string; scripts?: Record<string, string> }

/**
 * The folder's package.json, or an empty one.
 * @throws CliError `usage` when it is no JSON
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, 'package.json')
  const text = await readFile(file, 'utf8').catch(() => '{}')
  try {
    return JSON.parse(text) as Manifest
  } catch (cause) {
    throw new CliError('usage', `${file} is no JSON.`, { fix: 'Correct it.', cause })
  }
}

/** Runs a package.json script as `npm run` would, without npm's start-up (https://nodejs.org/api/cli.html#--run). @throws CliError */
export async function runScript(folder: string, script: string): Promise<void> {
  try {
    await run(process.execPath, ['--run', script], { cwd: folder, killAfterSeconds: 5 })
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    const { stderr, stdout } = error.result
    throw new CliError('unavailable', `The script "${script}" of ${join(folder, 'package.json')} failed.`, {
      fix: `Run it alone to see all of it: npm run ${script} --prefix ${folder}`,
      cause: (stderr || stdout).trim() || error.message,
    })
  }
}
