import { readFile } from 'node:fs/promises'
import type { Engine } from '../release/engine.ts'
import { run } from '../platform/run.ts'
import type { Say } from '../platform/terminal/terminal.ts'
import { createBaseImage } from './base-image.ts'

const pullSeconds = 120

/**
 * A base image for a Dockerfile that begins with `ARG BASE_IMAGE=node:<version>…`: its own where that can be had,
 * otherwise one of the same Node, made from packages.
 * @returns the reference to build on, or undefined when the Dockerfile's default will do
 */
export async function chooseBaseImage(options: {
  engine: Engine
  arch: 'x64' | 'arm64'
  cacheDir: string
  dockerfile: string
  say: Say
}): Promise<string | undefined> {
  const { engine, arch, cacheDir, dockerfile, say } = options
  const text = await readFile(dockerfile, 'utf8').catch(() => '')
  const [, image, nodeVersion] = /^ARG BASE_IMAGE=(node:(\d[\d.]*)\S*)/m.exec(text) ?? []
  if (!image || !nodeVersion) return undefined
  const platform = `linux/${arch === 'x64' ? 'amd64' : 'arm64'}`
  if (await canPull(engine, platform, image, say)) return undefined
  return createBaseImage({ engine, arch, cacheDir, nodeVersion, say })
}

async function canPull(engine: Engine, platform: string, image: string, say: Say): Promise<boolean> {
  const there = await run(engine, ['image', 'inspect', image], { accept: 'any' })
  if (there.exitCode === 0) return true
  say(`pulling ${image}`)
  const args = ['pull', '--quiet', '--platform', platform, image]
  return run(engine, args, { accept: 'any', timeoutSeconds: pullSeconds }).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  )
}
