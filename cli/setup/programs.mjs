// @ts-check
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * @typedef {object} Context
 * @property {string} root the repository
 * @property {string} scratch .fargate-ctl
 * @property {string} tools .fargate-ctl/tools
 * @property {boolean} checkOnly nothing may be written
 * @property {(line: string) => void} say shows what is going on
 */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {boolean} [optional] a missing one is a warning
 * @property {(context: Context) => Promise<string | undefined>} find says what is there, quickly; undefined when it is missing
 * @property {(context: Context) => Promise<void>} [install]
 * @property {string} howTo what to type when it can't be installed
 */

/**
 * Where a program is on PATH.
 * @param {string} name
 * @returns {string | undefined}
 */
export function which(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/**
 * Runs a program and returns what it printed; undefined when it is missing, fails, or takes longer than 10 s.
 * @param {string} file
 * @param {string[]} args
 * @returns {Promise<string | undefined>}
 */
export async function capture(file, args) {
  const { code, output } = await start(file, args, { timeout: 10_000 })
  return code === 0 ? output.trim() : undefined
}

/**
 * Runs a program that must end well.
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, say?: (line: string) => void }} [options]
 * @throws Error with the last lines it printed
 */
export async function run(file, args, options = {}) {
  const { code, output } = await start(file, args, options)
  if (code === 0) return
  const last = output.trim().split('\n').slice(-12).join('\n')
  throw new Error(`${[file, ...args.slice(0, 3)].join(' ')} ended with ${code ?? 'an error'}:\n${last}`)
}

/**
 * Root's own word, or sudo's where it asks for no password.
 * @returns {Promise<string[] | undefined>} what to put before a command
 */
export async function asRoot() {
  if (process.getuid?.() === 0) return []
  return which('sudo') && (await capture('sudo', ['-n', 'true'])) !== undefined ? ['sudo', '-n'] : undefined
}

/**
 * Installs packages of the system, after saying so. FARGATE_CTL_NO_INSTALL=1 forbids it.
 * @param {string[]} packages
 * @param {string} why
 * @param {(line: string) => void} say
 */
export async function aptInstall(packages, why, say) {
  const names = packages.join(' ')
  if (process.env.FARGATE_CTL_NO_INSTALL === '1') throw new Error(`FARGATE_CTL_NO_INSTALL=1 forbids installing ${names} (${why})`)
  const prefix = await asRoot()
  if (!which('apt-get') || !prefix) throw new Error(`installing ${names} needs apt-get as root`)
  process.stderr.write(`  installing system packages: ${names} (${why}; FARGATE_CTL_NO_INSTALL=1 forbids it)\n`)
  const apt = (/** @type {string[]} */ ...args) => {
    const [file = 'apt-get', ...rest] = [...prefix, 'apt-get', ...args]
    return run(file, rest, { env: { DEBIAN_FRONTEND: 'noninteractive' }, say })
  }
  await apt('update')
  await apt('install', '--yes', '--no-install-recommends', ...packages)
}

/**
 * @param {string} file
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, say?: (line: string) => void, timeout?: number }} options
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function start(file, args, { cwd, env, say, timeout }) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout })
    let output = ''
    const read = (/** @type {Buffer} */ chunk) => {
      output += String(chunk)
      say?.(String(chunk).trim().split('\n').at(-1) ?? '')
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('error', (error) => resolve({ code: null, output: error.message }))
    child.on('close', (code) => resolve({ code, output }))
  })
}
