import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './cli.ts'

/** Where this project's tools are installed. */
export const tools = join(process.env.FARGATE_CTL_SCRATCH ?? join(root, '.fargate-ctl'), 'tools')

/**
 * A copy of this project in `folder`, with its installed tools and packages, and otherwise as after a clone. It is a
 * checkout of its own, because the folder that tests work in is ignored by this one.
 */
export function copyProject(folder: string): string {
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  for (const file of tracked.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(root, file), join(folder, file))
  }
  execFileSync('git', ['init', '--quiet'], { cwd: folder })
  mkdirSync(join(folder, '.fargate-ctl'))
  symlinkSync(tools, join(folder, '.fargate-ctl', 'tools'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}
