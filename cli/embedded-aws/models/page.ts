import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { answered as balancing } from '../src/elb/elb-api.ts'
import { readContract } from './contract.ts'
import { services } from './services.ts'

/**
 * Which operation is answered by whom, of the services that the gateway answers at least in part.
 * @param packages a folder that pip installs into, with botocore in it
 * @param ministack the same, with ministack in it
 */
export function renderOperations(packages: string, ministack: string): string {
  const balancer = { name: 'elbv2', apiVersion: '2015-12-01', answered: [...balancing] }
  const passedOn = [...readFileSync(join(ministack, 'ministack', 'services', 'alb.py'), 'utf8').matchAll(/^ {4}"(\w+)": _\w+,$/gm)].map(([, name]) => name)
  const { source } = readContract(packages, balancer)
  const rows = [...services, balancer].flatMap((service) =>
    Object.keys(readContract(packages, service).operations).map((operation) => {
      const known = service === balancer && passedOn.includes(operation)
      const by = service.answered.includes(operation) ? 'answered' : known ? 'passed on' : 'unknown'
      return `| ${service.name} | ${operation} | ${by} |`
    }),
  )
  return `# Operations

Written by \`npm run models\` from ${source}. **Answered**: by the gateway, from state of its own. **Passed on**: to ministack.
**Unknown**: refused with \`UnknownOperationException\` or \`InvalidAction\`. All other services are ministack's.

| Service | Operation | |
| --- | --- | --- |
${rows.join('\n')}
`
}
