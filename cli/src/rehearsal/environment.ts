import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { certificateFile } from './gateway/balancer/certificate.ts'

/** Variables of the user's own that would point somewhere else; a rehearsal must never reach a real account. */
const removed = /^AWS_(PROFILE|SESSION_TOKEN|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|ENDPOINT_URL.*|CONTAINER_.*|CA_BUNDLE|USE_.*)$/

/**
 * The variables that make terraform, an SDK, the aws CLI and fargate-ctl itself talk to the embedded AWS. Nothing
 * else tells a rehearsal from a deployment.
 */
export function rehearsalVariables({ url, region, stateDir }: { url: string; region: string; stateDir: string }) {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'rehearsal',
    // Secrets are never printed, so it must be no word that anybody would print.
    AWS_SECRET_ACCESS_KEY: 'no-secret-in-a-rehearsal',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(stateDir, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(stateDir, 'no-credentials'),
    TF_DATA_DIR: join(stateDir, 'terraform'),
    // HTTPS listeners show a certificate of the rehearsal's own.
    NODE_EXTRA_CA_CERTS: certificateFile(join(stateDir, 'gateway')),
  }
}

/** Enters the rehearsal: from here on this process and its children know no other AWS. */
export function enterRehearsal(variables: Record<string, string>): void {
  for (const name of Object.keys(process.env)) if (removed.test(name)) delete process.env[name]
  Object.assign(process.env, variables)
  const { NODE_EXTRA_CA_CERTS: file } = variables
  if (file) trust(file)
}

/** Node reads NODE_EXTRA_CA_CERTS as it starts, which is over for this process. */
function trust(file: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')])
}
