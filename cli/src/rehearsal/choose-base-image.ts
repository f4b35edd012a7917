import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../tools/engine.ts'
import { run } from '../tools/run.ts'
import { createBaseImage } from './base-image.ts'

const pullSeconds = 120

/**
 * The Dockerfile's own base image where it can be had, otherwise one made from packages.
 * @returns the reference to build on, or undefined when the Dockerfile's default will do
 */
export async function chooseBaseImage(options: {
  engine: Engine
  arch: 'x64' | 'arm64'
  cacheDir: string
  application: string
}): Promise<string | undefined> {
  const { engine, arch, cacheDir, application } = options
  const platform = `linux/${arch === 'x64' ? 'amd64' : 'arm64'}`
  if (await canPull(engine, platform, await defaultBaseImage(application))) return undefined
  return createBaseImage({ engine, arch, cacheDir })
}

async function defaultBaseImage(application: string): Promise<string> {
  const dockerfile = await readFile(join(application, 'Dockerfile'), 'utf8')
  return /^ARG BASE_IMAGE=(\S+)/m.exec(dockerfile)?.[1] ?? ''
}

async function canPull(engine: Engine, platform: string, image: string): Promise<boolean> {
  const there = await run(engine, ['image', 'inspect', image], { accept: 'any' })
  if (there.exitCode === 0) return true
  const args = ['pull', '--quiet', '--platform', platform, image]
  return run(engine, args, { accept: 'any', timeoutSeconds: pullSeconds }).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  )
}
