import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { CliError } from '../platform/errors.ts'
import { run } from '../platform/run.ts'
import type { Say } from '../platform/terminal/terminal.ts'
import type { Engine } from '../release/engine.ts'

const architectures = {
  x64: { npm: 'linux-x64', debian: 'amd64', triplet: 'x86_64-linux-gnu', platform: 'linux/amd64' },
  arm64: { npm: 'linux-arm64', debian: 'arm64', triplet: 'aarch64-linux-gnu', platform: 'linux/arm64' },
}
/** The Debian packages that hold the libraries that Node and native packages link to. */
const debianPackages = ['libc6', 'libstdc++6', 'libgcc-s1']

/**
 * Makes a base image out of packages, where no image can be pulled: Node from npm and its libraries from Debian, laid
 * out as Debian does. One that is there already is used again.
 * @returns the image's reference
 * @throws CliError `unavailable`
 */
export async function createBaseImage(options: {
  engine: Engine
  arch: keyof typeof architectures
  cacheDir: string
  nodeVersion: string
  say: Say
}): Promise<string> {
  const { engine, arch, cacheDir, nodeVersion, say } = options
  const reference = `fargate-ctl/node:${nodeVersion}-${arch}`
  const there = await run(engine, ['image', 'inspect', reference], { accept: 'any' })
  if (there.exitCode === 0) return reference
  await mkdir(cacheDir, { recursive: true })
  const archive = join(cacheDir, `node-${nodeVersion}-${arch}.tar`)
  if (!(await stat(archive).catch(() => undefined))) {
    say(`making one from the packages of Node ${nodeVersion} and Debian`)
    await writeArchive(archive, cacheDir, arch, nodeVersion)
  }
  await run(engine, ['import', '--platform', architectures[arch].platform, archive, reference])
  return reference
}

async function writeArchive(archive: string, cacheDir: string, arch: keyof typeof architectures, nodeVersion: string): Promise<void> {
  const work = await mkdtemp(join(cacheDir, 'work-'))
  try {
    const node = await unpackNode(work, arch, nodeVersion)
    const libraries = await unpackLibraries(work, arch)
    const entries = [
      { name: 'usr/local/bin/node', file: node },
      ...libraries.map((file) => ({ name: `usr/lib/${architectures[arch].triplet}/${basename(file)}`, file })),
    ]
    await writeTar(`${archive}.part`, entries)
    await rename(`${archive}.part`, archive)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function unpackNode(work: string, arch: keyof typeof architectures, nodeVersion: string): Promise<string> {
  const name = `node-${architectures[arch].npm}@${nodeVersion}`
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', work, name], { cwd: work })
  await run('tar', ['-xzf', join(work, stdout.trim()), '-C', work, 'package/bin/node'])
  const node = join(work, 'node')
  await copyFile(join(work, 'package', 'bin', 'node'), node)
  await chmod(node, 0o755)
  // Symbols are of no use to a running app; a strip for another architecture refuses, and the file stays whole.
  await run('strip', [node], { accept: 'any' }).catch(() => undefined)
  return node
}

async function unpackLibraries(work: string, arch: keyof typeof architectures): Promise<string[]> {
  const { debian, triplet } = architectures[arch]
  try {
    await run('apt-get', ['download', ...debianPackages.map((name) => `${name}:${debian}`)], { cwd: work })
  } catch (cause) {
    throw new CliError('unavailable', `No base image can be pulled, and Debian's packages for ${debian} cannot be had here to make one.`, {
      fix: 'Connect the engine to a registry, or name an image it has in FARGATE_CTL_BASE_IMAGE.',
      cause,
    })
  }
  const packages = (await readdir(work)).filter((name) => name.endsWith('.deb'))
  const root = join(work, 'root')
  for (const name of packages) await run('dpkg-deb', ['-x', join(work, name), root])
  const folders = [join(root, 'lib', triplet), join(root, 'usr', 'lib', triplet)]
  const wanted = /^(ld-linux-.*|lib(c|dl|m|pthread|resolv|rt|gcc_s|stdc\+\+))\.so(\.\d+)*$/
  const found = await Promise.all(folders.map(async (folder) => (await readdir(folder).catch(() => [])).map((name) => join(folder, name))))
  return found.flat().filter((file) => wanted.test(basename(file))).sort()
}

/** The same files make the same archive: sorted, owned by root, of no date. Links are followed. */
async function writeTar(file: string, entries: { name: string; file: string }[]): Promise<void> {
  const tar = pack()
  const written = pipeline(tar, createWriteStream(file))
  for (const { name, file: source } of entries) {
    const { size } = await stat(source)
    const entry = tar.entry({ name, size, mode: 0o755, mtime: new Date(0), uid: 0, gid: 0 })
    await pipeline(createReadStream(source), entry)
  }
  tar.finalize()
  await written
}
