import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readContract, type Service } from './contract.ts'
import { services } from './services.ts'

/** Where ministack has a service, when that is not the file of its name. */
const files: Record<string, string> = { elbv2: 'alb' }

/**
 * Which operation is answered by whom, of the services that the gateway answers, or completes, at least in part.
 * @param packages a folder that pip installs into, with botocore in it
 * @param ministack the same, with ministack in it
 */
export function renderOperations(packages: string, ministack: string): string {
  const sections = services.map((service) => {
    const { operations, source } = readContract(packages, service)
    const passedOn = readHandlers(ministack, service)
    const kindOf = (operation: string) =>
      service.answered.includes(operation) ? 'Answered' : service.completed.includes(operation) ? 'Completed' : passedOn.has(operation) ? 'Passed on' : 'Unknown'
    const kinds = Map.groupBy(Object.keys(operations), kindOf)
    const lines = (['Answered', 'Completed', 'Passed on', 'Unknown'] as const).flatMap((kind) => {
      const names = kinds.get(kind) ?? []
      return names.length > 0 ? [`**${kind}** (${names.length}): ${names.map((name) => `\`${name}\``).join(', ')}`] : []
    })
    return { source, text: `## ${service.name} ${service.apiVersion}\n\n${lines.join('\n\n')}\n` }
  })
  return `# Operations

Written by \`npm run models\` from ${sections[0]?.source}. **Answered**: by the gateway, from state of its own. **Completed**: by
ministack, and checked or completed by the gateway. **Passed on**: to ministack, as they come. **Unknown**: refused
with \`UnknownOperationException\` or \`InvalidAction\`. All other services are ministack's.

${sections.map(({ text }) => text).join('\n')}`
}

/** The operations that ministack's source has something for; those of ECS and of scaling are never asked for there. */
function readHandlers(ministack: string, { name, completed }: Service): Set<string> {
  if (completed.length === 0) return new Set()
  const source = readFileSync(join(ministack, 'ministack', 'services', `${files[name] ?? name}.py`), 'utf8')
  return new Set([...source.matchAll(/"([A-Z]\w+)": _\w+,/g)].map(([, operation = '']) => operation))
}
