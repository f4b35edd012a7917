import { join } from 'node:path'
import { certificateFile } from './elb/certificate.ts'

/** Variables that would lead a program elsewhere, or with other credentials. */
const misleading = /^AWS_(PROFILE|SESSION_TOKEN|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|ENDPOINT_URL_.*|CONTAINER_.*|CA_BUNDLE|USE_.*)$/

/** What makes a program talk to an embedded AWS, and to no other. */
export type Environment = { set: Record<string, string>; unset: string[] }

/**
 * The variables that make terraform, an SDK or the aws CLI talk to the embedded AWS.
 * @param env the environment that they are meant for
 */
export function environmentFor({ url, region, stateDir }: { url: string; region: string; stateDir: string }, env: NodeJS.ProcessEnv): Environment {
  const set = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'rehearsal',
    // Secrets are never printed, so it must be no word that anybody would print.
    AWS_SECRET_ACCESS_KEY: 'no-secret-in-a-rehearsal',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(stateDir, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(stateDir, 'no-credentials'),
    // HTTPS listeners show a certificate of its own.
    NODE_EXTRA_CA_CERTS: certificateFile(stateDir),
    EMBEDDED_AWS_STATE: stateDir,
  }
  return { set, unset: Object.keys(env).filter((name) => misleading.test(name)).sort() }
}
