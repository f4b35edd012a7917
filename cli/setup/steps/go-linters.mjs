// @ts-check
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { capture, run, which } from '../programs.mjs'
import { isStamped, stamp } from '../stamps.mjs'
import { versions } from '../versions.mjs'

/** @type {Record<string, string>} the variable that holds the version in programs that learn it from their release build only */
const versionVariables = {
  tfsec: 'github.com/aquasecurity/tfsec/version.Version',
  gitleaks: 'github.com/zricethezav/gitleaks/v8/version.Version',
}

/** @type {import('../programs.mjs').Step[]} */
export const goLinters = Object.entries(versions.go).map(([name, source]) => goProgram(name, source))

/**
 * A program that is built from its source, or that the machine has in this very version.
 * @param {string} name
 * @param {string} source module path and version, as `go install` takes it
 * @returns {import('../programs.mjs').Step}
 */
function goProgram(name, source) {
  const version = source.split('@v')[1] ?? ''
  return {
    name,
    howTo: `install Go (https://go.dev/dl) and run this again, or put ${name} ${version} on PATH`,
    async find({ tools }) {
      const stamped = await isStamped(join(tools, 'stamps', name), source)
      if (stamped && existsSync(join(tools, 'bin', name))) return version
      const own = which(name) && (await capture(name, [name === 'gitleaks' ? 'version' : '--version']))
      return own?.includes(version) ? `${version} on PATH` : undefined
    },
    async install({ tools, say }) {
      say(`go install ${source}; this can take minutes`)
      await mkdir(join(tools, 'bin'), { recursive: true })
      const variable = versionVariables[name]
      const flags = variable ? ['-ldflags', `-X ${variable}=${version}`] : []
      await run('go', ['install', ...flags, source], { env: { GOBIN: join(tools, 'bin'), GOFLAGS: '-buildvcs=false' }, say })
      await stamp(join(tools, 'stamps', name), source)
    },
  }
}
