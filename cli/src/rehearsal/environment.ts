import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Environment } from './embedded-aws.ts'

/** Terraform's variables that would make a rehearsal another one than the project's own. */
const misleading = /^TF_(WORKSPACE|CLI_ARGS(_.*)?)$/

/** What leads to the embedded AWS, with the rehearsal's own variables. Nothing else tells a rehearsal from a deployment. */
export function rehearsalEnvironment(aws: Environment, own: Record<string, string>): Environment {
  const unset = Object.keys(process.env).filter((name) => misleading.test(name))
  return { set: { ...aws.set, ...own }, unset: [...aws.unset, ...unset] }
}

/** Before anything is asked of Terraform: what is set for other projects, or other runs of it, is not meant for a rehearsal. */
export function forgetMisleading(): void {
  for (const name of Object.keys(process.env)) if (misleading.test(name)) delete process.env[name]
}

/** Enters the rehearsal: from here on this process and its children know no other AWS. */
export function enterRehearsal({ set, unset }: Environment): void {
  for (const name of unset) delete process.env[name]
  Object.assign(process.env, set)
  const { NODE_EXTRA_CA_CERTS: file } = set
  if (file) trust(file)
}

/** Node reads NODE_EXTRA_CA_CERTS as it starts, which is over for this process. */
function trust(file: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')])
}
