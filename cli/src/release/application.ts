import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import { ProgramError, run } from '../platform/run.ts'
import type { BuildSource } from './build-context.ts'
import { readTextIfThere } from './read-text.ts'

/** What an application says of itself, in any language. */
export type Application = {
  /** Of package.json, else what a file VERSION holds; null where it names none. */
  version: string | null
  /** Where its package.json has a script "bundle", which makes the files that the image is built from; null where there is none. */
  bundledIn: string | null
}

// https://docs.npmjs.com/cli/v11/configuring-npm/package-json
const manifestSchema = z.looseObject({ version: z.string().optional(), scripts: z.looseObject({ bundle: z.string().optional() }).optional() })

/**
 * Reads package.json and VERSION beside the Dockerfile, or else in the build context.
 * @throws CliError `usage` for a package.json that npm would not read either
 */
export async function readApplication({ context, dockerfile }: BuildSource): Promise<Application> {
  const describes = (folder: string) => ['package.json', 'VERSION'].some((name) => existsSync(join(folder, name)))
  const folder = [dirname(dockerfile), context].find(describes) ?? context
  const [manifest, version] = await Promise.all([readManifest(join(folder, 'package.json')), readTextIfThere(join(folder, 'VERSION'))])
  return { version: manifest.version || version?.trim() || null, bundledIn: manifest.scripts?.bundle ? folder : null }
}

async function readManifest(file: string): Promise<z.infer<typeof manifestSchema>> {
  const text = (await readTextIfThere(file)) ?? '{}'
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new CliError('usage', `${file} is no JSON.`, { fix: 'Correct it: `npm pkg get` shows where it goes wrong.', cause })
  }
  const { data, error } = manifestSchema.safeParse(json)
  if (data) return data
  throw new CliError('usage', `${file} is JSON, but no package.json.`, {
    fix: 'Write an object into it, such as {"version": "1.0.0"}, or delete it: an app needs none.',
    cause: z.prettifyError(error),
  })
}

/** Runs the script "bundle" as `npm run` would, without npm's start-up (https://nodejs.org/api/cli.html#--run). @throws CliError */
export async function bundle(folder: string): Promise<void> {
  try {
    await run(process.execPath, ['--run', 'bundle'], { cwd: folder, killAfterSeconds: 5 })
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    const { stderr, stdout } = error.result
    throw new CliError('unavailable', `The script "bundle" of ${join(folder, 'package.json')} failed.`, {
      fix: `Run it alone to see all of it: npm run bundle --prefix ${folder}`,
      cause: (stderr || stdout).trim() || error.message,
    })
  }
}
