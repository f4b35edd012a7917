import { z } from 'zod'
import type { Project } from '../platform/project.ts'
import type { RawFinding } from './linter.ts'
import { projectPath, runTool } from './linter-output.ts'

const place = z.object({ filename: z.string(), start: z.object({ line: z.number(), column: z.number() }) })
const schema = z.object({
  diagnostics: z.array(z.object({ severity: z.string(), summary: z.string(), detail: z.string().default(''), range: place.optional() })),
})

/**
 * What Terraform finds wrong with a folder's configuration, at its place; nothing where it doesn't say.
 * https://developer.hashicorp.com/terraform/internals/machine-readable-ui#diagnostic
 */
export async function findTerraformErrors(project: Project, folder: string, env: Record<string, string> = {}): Promise<RawFinding[]> {
  const { stdout } = await runTool('terraform', ['validate', '-json', '-no-color'], { cwd: folder, env })
  const report = schema.safeParse(parseJson(stdout))
  return (report.data?.diagnostics ?? []).flatMap(({ severity, summary, detail, range }) => {
    // That is no mistake of the file's.
    if (severity !== 'error' || !range || summary === 'Module not installed') return []
    return [syntaxError(projectPath(project, range.filename, folder), range.start, summary, detail)]
  })
}

/** A file that can't be read, told alike whichever tool stumbles over it. */
export function syntaxError(file: string, { line, column }: { line: number; column?: number }, summary: string, detail: string): RawFinding {
  const message = [summary, detail].filter(Boolean).join(': ').replaceAll(/\s+/g, ' ')
  return { rule: 'syntax', severity: 'error', file, line: line || 1, column: column || 1, message }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
