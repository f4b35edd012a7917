// @ts-check
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../programs.mjs'
import { hashFiles, isStamped, stamp } from '../stamps.mjs'

/**
 * What the app in application/ needs, where that is said by a package-lock.json of its own.
 * @type {import('../programs.mjs').Step}
 */
export const applicationPackages = {
  name: 'packages of the app',
  howTo: 'npm ci --prefix application',
  async find({ root }) {
    if (!existsSync(lockFile(root))) return 'none: application/ has no package-lock.json'
    return (await isStamped(stampFile(root), await hashFiles([lockFile(root)]))) ? 'application/node_modules' : undefined
  },
  async install({ root, say }) {
    await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts=false'], { cwd: join(root, 'application'), say })
    await stamp(stampFile(root), await hashFiles([lockFile(root)]))
  },
}

/** @param {string} root */
const lockFile = (root) => join(root, 'application', 'package-lock.json')
/** @param {string} root */
const stampFile = (root) => join(root, 'application', 'node_modules', '.fargate-ctl-stamp')
