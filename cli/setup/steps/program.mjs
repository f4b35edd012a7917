// @ts-check
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Unreachable, download } from '../download.mjs'
import { capture, run, which } from '../programs.mjs'
import { isStamped, stamp } from '../stamps.mjs'
import { programs } from '../versions.mjs'

/** @typedef {import('../programs.mjs').Context} Context */
/** @typedef {import('../versions.mjs').Pin} Pin */

const { terraform: terraformPin, ...linterPins } = programs
export const terraform = program('terraform', terraformPin)
export const goLinters = Object.entries(linterPins).map(([name, pin]) => program(name, pin))

/**
 * A program that is one file, in .fargate-ctl, where it is found first, or on PATH in a version that will do.
 * @param {string} name
 * @param {Pin} pin
 * @returns {import('../programs.mjs').Step}
 */
export function program(name, pin) {
  const inputs = pin.go ? `${pin.go}@v${pin.version}` : pin.version
  return {
    name,
    howTo: `${pin.go ? 'install Go (https://go.dev/dl) and run this again, or ' : ''}put ${name} ${pin.atLeast ? `${pin.atLeast} or newer` : pin.version} on PATH`,
    async find({ tools }) {
      const isInstalled = existsSync(join(tools, 'bin', name)) && (await isStamped(join(tools, 'stamps', name), inputs))
      return isInstalled ? pin.version : findOnPath(name, pin)
    },
    async install(context) {
      const { tools, say } = context
      await mkdir(join(tools, 'bin'), { recursive: true })
      const work = await mkdtemp(join(tools, `${name}-`))
      try {
        const built = await unpackRelease(name, pin, work, say).catch((/** @type {Error} */ error) => {
          if (!(error instanceof Unreachable) || !pin.go) throw error
          return buildFromSource(name, pin, work, say)
        })
        await chmod(built, 0o755)
        await rename(built, join(tools, 'bin', name))
      } finally {
        await rm(work, { recursive: true, force: true })
      }
      await stamp(join(tools, 'stamps', name), inputs)
    },
  }
}

/**
 * @param {string} name
 * @param {Pin} pin
 */
async function findOnPath(name, { version, atLeast, asks }) {
  const said = (which(name) && (await capture(name, asks))) || ''
  if (!atLeast) return said.includes(version) ? `${version} on PATH` : undefined
  const found = /"terraform_version":\s*"([\d.]+)/.exec(said)?.[1] ?? ''
  return isAtLeast(found, atLeast) ? `${found} on PATH` : undefined
}

/**
 * @param {string} name
 * @param {Pin} pin
 * @param {string} work
 * @param {(line: string) => void} say
 * @returns {Promise<string>} the program
 */
async function unpackRelease(name, { releases, files }, work, say) {
  const [file, sha256] = files[`${process.platform}-${process.arch}`] ?? []
  if (!file || !sha256) throw new Unreachable(`there is no release of ${name} for ${process.platform}-${process.arch}`)
  say(`downloading ${releases}/${file}`)
  const path = join(work, file)
  await writeFile(path, await download(`${releases}/${file}`, sha256))
  if (file.endsWith('.zip')) await run('python3', ['-m', 'zipfile', '-e', path, work])
  else if (file.endsWith('.tar.gz')) await run('tar', ['-xzf', path, '-C', work])
  else return path
  return join(work, name)
}

/**
 * @param {string} name
 * @param {Pin} pin
 * @param {string} work
 * @param {(line: string) => void} say
 * @returns {Promise<string>} the program
 */
async function buildFromSource(name, { version, go, versionVariable }, work, say) {
  say(`go install ${go}@v${version}; this can take minutes`)
  const flags = versionVariable ? ['-ldflags', `-X ${versionVariable}=${version}`] : []
  await run('go', ['install', ...flags, `${go}@v${version}`], { env: { GOBIN: work, GOFLAGS: '-buildvcs=false' }, say })
  return join(work, name)
}

/**
 * @param {string} version
 * @param {string} least
 */
function isAtLeast(version, least) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}
