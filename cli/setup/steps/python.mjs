// @ts-check
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { aptInstall, capture, run, which } from '../programs.mjs'
import { isStamped, stamp } from '../stamps.mjs'
import { python } from '../versions.mjs'

export const embeddedAws = environment('embedded AWS', 'python', python.rehearsal)
/** AWS's service models, which the embedded AWS is tested against; ministack has another version for itself. */
export const awsModels = environment('AWS service models', 'models', python.models)
export const pythonLinters = environment('linters from Python', 'linters', python.linters)
export const act = environment('act', 'act', python.act)
export const ecsDeploy = environment('ecs-deploy', 'ecs-deploy', python.ecsDeploy)

/**
 * Packages in a virtual environment of their own, so that none can change what another needs.
 * @param {string} name
 * @param {string} folder
 * @param {string[]} packages
 * @returns {import('../programs.mjs').Step}
 */
function environment(name, folder, packages) {
  const inputs = packages.join('\n')
  return {
    name,
    howTo: 'install Python 3.10 or newer with its venv module (Debian: sudo apt-get install python3 python3-venv)',
    async find({ tools }) {
      const there = existsSync(join(tools, folder, 'bin', 'python3'))
      return there && (await isStamped(join(tools, 'stamps', folder), inputs)) ? packages.join(' ') : undefined
    },
    async install({ tools, say }) {
      const target = join(tools, folder)
      await requirePython(say)
      await rm(target, { recursive: true, force: true })
      await run('python3', ['-m', 'venv', target], { say })
      await run(join(target, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages], { say })
      await stamp(join(tools, 'stamps', folder), inputs)
    },
  }
}

/** @param {(line: string) => void} say */
async function requirePython(say) {
  const version = which('python3') && (await capture('python3', ['-c', 'import sys, venv, ensurepip; print("%d.%02d" % sys.version_info[:2])']))
  if (!version) return aptInstall(['python3', 'python3-venv'], 'the embedded AWS and some linters run on Python', say)
  if (version < '3.10') throw new Error(`python3 is ${version.replace('.0', '.')}`)
}
