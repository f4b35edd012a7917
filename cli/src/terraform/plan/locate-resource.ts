import type { Project } from '../../platform/project.ts'
import { readFiles } from '../settings/read-files.ts'

/** A file relative to the project, and where in it, from 1. */
export type FilePlace = { file: string; line: number; column: number }

/**
 * Where a resource stands in infrastructure/: its block, or that of the module which it comes from.
 * @param address as Terraform writes it: `module.alb.aws_lb.this`, `aws_eip.nat[0]`
 * @returns undefined where no file says it: a resource that is no longer configured
 */
export async function createLocator(project: Project): Promise<(address: string) => FilePlace | undefined> {
  const { terraform } = await readFiles(project, [])
  const blocks = terraform.flatMap(({ source, items }) => items.map((item) => ({ source, item })))
  return (address) => {
    const [first = '', second = ''] = address.replaceAll(/\[[^\]]*\]/g, '').split('.')
    const labels = first === 'module' ? [second] : [first, second]
    const found = blocks.find(({ item: { name, labels: own } }) => name === (first === 'module' ? 'module' : 'resource') && own.join('.') === labels.join('.'))
    return found && { file: found.source.file, ...found.source.place(found.item.start) }
  }
}
