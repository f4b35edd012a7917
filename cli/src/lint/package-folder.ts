import { findPackageJSON } from 'node:module'
import { dirname } from 'node:path'

/** fargate-ctl's own folder, with the rules for projects that bring none. */
export function packageFolder(): string {
  return dirname(findPackageJSON(import.meta.url) ?? process.cwd())
}
