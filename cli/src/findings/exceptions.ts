import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'

const exceptionSchema = z.strictObject({
  /** A policy's rule, or the id of a vulnerability. */
  rule: z.string(),
  /** What it is about: a resource's address, or a package; `*` stands for anything. */
  address: z.string(),
  reason: z.string().min(10, 'a reason of some words is needed'),
  /** The last day that it holds. */
  expires: z.iso.date(),
})
export type Exception = z.infer<typeof exceptionSchema>

const schema = z.strictObject({ exceptions: z.array(exceptionSchema) })

/** Where the exceptions stand, from policies and from what a scan of the image finds. */
export const exceptionsFile = ({ infrastructure }: Project) => join(infrastructure, 'policies', 'exceptions.json')

/** @throws CliError `usage` when they cannot be read */
export async function readExceptions(project: Project): Promise<Exception[]> {
  const path = exceptionsFile(project)
  if (!existsSync(path)) return []
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8'))).exceptions
  } catch (error) {
    throw new CliError('usage', `The exceptions in ${relative(project.root, path)} cannot be read.`, {
      cause: error instanceof z.ZodError ? z.prettifyError(error) : error,
      fix: 'Write each as {"rule": "images.registry", "address": "aws_ecs_task_definition.*", "reason": "why it does not apply", "expires": "2027-01-31"}.',
    })
  }
}

/** @returns the finding, or nothing where an exception holds; one that has ended says so */
export function withoutExceptions<Found extends { rule: string; address: string; message: string }>(finding: Found, exceptions: Exception[]): Found[] {
  const own = exceptions.filter(({ rule, address }) => rule === finding.rule && matches(address, finding.address))
  if (own.length === 0) return [finding]
  const today = new Date().toISOString().slice(0, 10)
  if (own.some(({ expires }) => expires >= today)) return []
  return [{ ...finding, message: `${finding.message} (its exception ended on ${own[0]?.expires}: ${own[0]?.reason})` }]
}

/** @param pattern a text in which `*` stands for anything */
function matches(pattern: string, text: string): boolean {
  const [start = '', ...parts] = pattern.split('*')
  const end = parts.pop()
  if (end === undefined) return text === start
  if (!text.startsWith(start)) return false
  let at = start.length
  for (const part of parts) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length >= at + end.length && text.endsWith(end)
}
