import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { findProject } from '../../src/platform/project.ts'
import { exportCheckouts } from '../../src/rehearsal/module-checkouts.ts'
import { root } from './cli.ts'

/** The folder of git checkouts that FARGATE_CTL_MODULES names, as for `rehearse --modules`. */
const checkouts = process.env.FARGATE_CTL_MODULES

/** Why tests of the real modules are skipped. */
export const withoutCheckouts = checkouts ? false : 'FARGATE_CTL_MODULES names no folder of checkouts'

/** Packs the real modules, at the versions that infrastructure/ asks for. @returns the folder */
export async function exportTo(folder: string): Promise<string> {
  await exportCheckouts(findProject(root), checkouts ?? '', folder)
  return folder
}

/** @returns a folder in the form of the stand-ins' that holds the real modules, at the versions that infrastructure/ asks for */
export async function unpackCheckouts(t: Test): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fargate-ctl-modules-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  await exportTo(folder)
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.tar.gz'))) {
    const module = join(folder, file.replace('.tar.gz', ''))
    mkdirSync(module)
    execFileSync('tar', ['-xzf', join(folder, file), '-C', module])
    rmSync(join(folder, file))
  }
  return folder
}

const findCheckout = (name: string) => [name, `${name}.git`].map((each) => join(checkouts ?? '', each)).find((path) => existsSync(path))

/** Why tests of another project are skipped. */
export const withoutCheckout = (name: string) => (findCheckout(name) ? false : `${checkouts} holds no checkout of ${name}`)

/** Writes what a commit, or a folder of it, holds into a new folder. @param tree such as `v1.2.3` or `HEAD:folder` */
export function unpackCheckout(name: string, tree: string, folder: string): void {
  const archive = execFileSync('git', ['-C', findCheckout(name) ?? '', 'archive', tree], { maxBuffer: 1e9 })
  mkdirSync(folder, { recursive: true })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
}
