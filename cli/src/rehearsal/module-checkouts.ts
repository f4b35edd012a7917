import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { archiveTag } from '../release/git.ts'
import { readModuleCalls, type ModuleCall } from '../terraform/offline/module-calls.ts'
import { writeArchives } from '../terraform/offline/module-registry.ts'

/**
 * Takes the modules of infrastructure/, each at the version that is asked for there, from a folder of git checkouts.
 * @param checkouts holds a repository for each, bare or with a work tree, named as the registry's are
 *   (terraform-aws-vpc) or by the module alone (vpc), with or without .git
 * @param target the folder that a module registry serves; what it holds is replaced
 * @throws CliError when a repository or a version is not there
 */
export async function exportCheckouts(project: Project, checkouts: string, target: string): Promise<void> {
  if (!(await isFolder(checkouts))) throw new CliError('usage', `There is no folder ${checkouts}.`, { fix: 'Name the folder with the checkouts: --modules DIR' })
  const calls = await readModuleCalls(project)
  const found = await Promise.all(calls.map(async (call) => ({ ...call, repository: await findRepository(checkouts, call) })))
  await rm(target, { recursive: true, force: true })
  await writeArchives(target, found, async (name, file) => {
    const { repository, version } = found.find((call) => call.name === name) as (typeof found)[number]
    await archiveTag(repository, [`v${version}`, version], file)
  })
}

async function findRepository(checkouts: string, { source }: ModuleCall): Promise<string> {
  const [namespace = '', name = '', provider = ''] = source.split('/')
  const names = [`terraform-${provider}-${name}`, name].flatMap((each) => [each, `${each}.git`])
  for (const folder of names.map((each) => join(checkouts, each))) if (await isFolder(folder)) return folder
  throw new CliError('unavailable', `There is no checkout of ${source} in ${checkouts}.`, {
    fix: `Clone it there: git clone https://github.com/${namespace}/terraform-${provider}-${name}`,
  })
}

const isFolder = (path: string) => stat(path).then((found) => found.isDirectory(), () => false)
