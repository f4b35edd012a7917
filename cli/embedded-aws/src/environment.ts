import { join } from 'node:path'
import type { Key } from './access/keys.ts'
import { certificateFile } from './elb/certificate.ts'

/** Variables that would lead a program elsewhere, or with other credentials. */
const misleading =
  /^AWS_(PROFILE|DEFAULT_PROFILE|SESSION_TOKEN|SECURITY_TOKEN|ROLE_.*|WEB_IDENTITY_TOKEN_FILE|ENDPOINT_URL_.*|IGNORE_CONFIGURED_ENDPOINT_URLS|CONTAINER_.*|CA_BUNDLE|USE_.*|S3_US_EAST_1_REGIONAL_ENDPOINT|STS_REGIONAL_ENDPOINTS)$/

/** What makes a program talk to an embedded AWS, and to no other. */
export type Environment = { set: Record<string, string>; unset: string[] }

/**
 * The variables that make terraform, an SDK or the aws CLI talk to the embedded AWS.
 * @param env the environment that they are meant for
 */
export function environmentFor(options: { url: string; key: Key; region: string; stateDir: string }, env: NodeJS.ProcessEnv): Environment {
  const { url, key, region, stateDir } = options
  const set = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
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
