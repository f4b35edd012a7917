import { globSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @returns the folder that holds the packages of a virtual environment that `npm run setup` made, if it did */
export function findPackages(environment: 'models' | 'python'): string | undefined {
  const folder = fileURLToPath(new URL(`../../../.fargate-ctl/tools/${environment}`, import.meta.url))
  const [found] = globSync('lib/python*/site-packages', { cwd: folder })
  return found && join(folder, found)
}
