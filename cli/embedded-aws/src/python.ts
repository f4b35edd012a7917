import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import packages from '../python.json' with { type: 'json' }
import { withLock } from './daemon/lock.ts'
import { UserError } from './user-error.ts'

const oldest = [3, 10] as const

/**
 * A Python that has ministack, which answers what is not ECS: the one that was asked for, else one in a virtual
 * environment of its own, which is made once for each version, in the folder for caches.
 * @param say is told what takes time
 * @throws UserError
 */
export async function ensurePython(asked: string | undefined, say: (line: string) => void): Promise<string> {
  if (asked) return requireMinistack(asked)
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'embedded-aws', packages.join('_').replaceAll('==', '-'))
  const python = join(folder, 'bin', 'python3')
  const stamp = join(folder, 'complete')
  if (existsSync(stamp)) return python
  await withLock(`${folder}.lock`, () => say('Another embedded AWS is being installed; waiting for it.'), async () => {
    if (!existsSync(stamp)) await install(folder, stamp, say)
  })
  return python
}

async function requireMinistack(python: string): Promise<string> {
  const find = 'import importlib.util, sys; sys.exit(importlib.util.find_spec("ministack") is None)'
  const { exitCode } = await execa(python, ['-c', find], { reject: false })
  if (exitCode === 0) return python
  throw new UserError(exitCode === undefined ? `There is no Python at ${python}.` : `${python} has no ministack, which answers what is not ECS.`, {
    fix: `Leave --python out to have it installed, or install it there: ${python} -m pip install ${packages.join(' ')}`,
  })
}

async function install(folder: string, stamp: string, say: (line: string) => void): Promise<void> {
  await requirePython()
  say(`Installing ${packages[0]} with Python into ${folder}, once (about a minute)`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await run('python3', ['-m', 'venv', folder], 'Install Python with its venv module (Debian: sudo apt-get install python3-venv).', say)
  const pip = ['install', '--disable-pip-version-check', '--progress-bar', 'off', ...packages]
  await run(join(folder, 'bin', 'pip'), pip, 'Connect to the network or to a mirror of PyPI (PIP_INDEX_URL), and run it again.', say)
  await writeFile(stamp, '')
}

async function requirePython(): Promise<void> {
  const { stdout = '' } = await execa('python3', ['-c', 'import sys; print(*sys.version_info[:2])'], { reject: false })
  const [major = 0, minor = 0] = stdout.split(' ').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return
  throw new UserError(major === 0 ? 'There is no python3 on PATH.' : `python3 is ${major}.${minor}.`, {
    fix: `Install Python ${oldest.join('.')} or newer with its venv module (Debian: sudo apt-get install python3 python3-venv; macOS: brew install python).`,
  })
}

/** Says what it is at every ten seconds. @throws UserError */
async function run(file: string, args: string[], fix: string, say: (line: string) => void): Promise<void> {
  const child = execa(file, args, { reject: false, all: true })
  let last = performance.now()
  child.all.on('data', (chunk: Buffer) => {
    if (performance.now() - last < 10_000) return
    last = performance.now()
    say(`  ${String(chunk).trim().split('\n').at(-1)?.slice(0, 120)}`)
  })
  const { exitCode, all } = await child
  if (exitCode !== 0) throw new UserError(`${file} ${args.slice(0, 2).join(' ')} failed.`, { fix, cause: all.trim().split('\n').slice(-4).join('\n  ') })
}
