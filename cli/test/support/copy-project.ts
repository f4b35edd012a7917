import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './cli.ts'

/** Where this project's tools are installed. */
export const tools = join(process.env.FARGATE_CTL_SCRATCH ?? join(root, '.fargate-ctl'), 'tools')

/**
 * A copy of this project in `folder`, with its installed tools and packages, and otherwise as after a clone. It is a
 * checkout of its own, because the folder that tests work in is ignored by this one. The app in it is an example, because
 * this project's application/ may be anybody's.
 */
export function copyProject(folder: string, example = 'node'): string {
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  const target = (file: string) => file.replace(`cli/test/examples/${example}/`, 'application/')
  for (const file of tracked.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))) {
    if (file.startsWith('application/')) continue
    for (const to of new Set([file, target(file)])) {
      mkdirSync(dirname(join(folder, to)), { recursive: true })
      cpSync(join(root, file), join(folder, to))
    }
  }
  const settings = join(folder, 'application', 'input.auto.tfvars')
  if (existsSync(settings)) renameSync(settings, join(folder, 'infrastructure', 'input.auto.tfvars'))
  execFileSync('git', ['init', '--quiet'], { cwd: folder })
  mkdirSync(join(folder, '.fargate-ctl'))
  symlinkSync(tools, join(folder, '.fargate-ctl', 'tools'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}
