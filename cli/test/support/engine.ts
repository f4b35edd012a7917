import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseBaseImage } from '../../src/rehearsal/choose-base-image.ts'
import { ensureEngine, stopOwnEngine } from '../../src/rehearsal/engine.ts'
import { buildImage, requireEngine } from '../../src/release/engine.ts'
import { run } from '../../src/platform/run.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const scratch = join(root, '.fargate-ctl')
/** What the tests of the embedded AWS run. */
const context = join(root, 'cli', 'embedded-aws', 'test', 'support', 'test-app')
const arch = process.arch === 'arm64' ? 'arm64' : 'x64'

/**
 * Makes sure that an engine answers and has the test image. Test files run side by side, so only what starts them all
 * may start and stop an engine.
 * @returns the image's reference, and what stops the engine if it was started here
 */
export async function prepareEngine(): Promise<{ image: string; stop: () => Promise<void> }> {
  const running = await requireEngine('docker').then(
    () => true,
    () => false,
  )
  await ensureEngine('docker', scratch)
  const stop = async () => {
    if (!running) await stopOwnEngine(scratch)
  }
  return { image: await ensureTestImage(), stop }
}

/** @returns the test image's reference in the engine; made when its files have changed, otherwise used again */
async function ensureTestImage(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['Dockerfile', 'server.mts']) hash.update(readFileSync(join(context, file)))
  const reference = `fargate-ctl/test-app:${hash.digest('hex').slice(0, 16)}`
  const there = await run('docker', ['image', 'inspect', reference], { accept: 'any' })
  if (there.exitCode === 0) return reference
  const base = await findNodeBase()
  const platform = `linux/${arch === 'arm64' ? 'arm64' : 'amd64'}`
  await buildImage('docker', { source: { context, dockerfile: join(context, 'Dockerfile') }, references: [reference], platform, buildArgs: base ? { BASE_IMAGE: base } : {}, force: false }, () => undefined)
  return reference
}

/** @returns what to build an app for Node on where the base image that its Dockerfile names cannot be pulled */
export function findNodeBase(): Promise<string | undefined> {
  return chooseBaseImage({
    engine: 'docker',
    arch,
    cacheDir: join(scratch, 'base-image'),
    dockerfile: join(context, 'Dockerfile'),
    say: (text) => console.log(text),
  })
}
