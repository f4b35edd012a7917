// @ts-check
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../programs.mjs'
import { hashFiles, isStamped, stamp } from '../stamps.mjs'

/** @typedef {import('../programs.mjs').Context} Context */

/** @type {import('../programs.mjs').Step} */
export const nodeModules = {
  name: 'packages',
  howTo: 'npm ci',
  async find({ root }) {
    const there = existsSync(join(root, 'node_modules', '.bin', 'node'))
    return there && (await isStamped(stampFile(root), await lockHash(root))) ? 'node_modules' : undefined
  },
  async install({ root, say }) {
    await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts=false'], { cwd: root, say })
    await stamp(stampFile(root), await lockHash(root))
  },
}

/** @type {import('../programs.mjs').Step} */
export const bundledCli = {
  name: 'fargate-ctl',
  howTo: 'npm run bundle',
  async find({ root }) {
    const there = existsSync(join(root, 'cli', 'dist', 'main.js'))
    return there && (await isStamped(join(root, 'cli', 'dist', 'stamp'), await sourceHash(root))) ? 'bundled' : undefined
  },
  async install({ root, say }) {
    await run(join(root, 'node_modules', '.bin', 'node'), [join(root, 'cli', 'bundle.ts')], { cwd: root, say })
    await stamp(join(root, 'cli', 'dist', 'stamp'), await sourceHash(root))
  },
}

/** @param {string} root */
const stampFile = (root) => join(root, 'node_modules', '.fargate-ctl-stamp')
/** @param {string} root */
const lockHash = (root) => hashFiles([join(root, 'package-lock.json')])
/** @param {string} root */
const sourceHash = (root) => hashFiles(['cli/src', 'cli/embedded-aws/src', 'cli/bundle.ts', 'package.json'].map((path) => join(root, path)))
