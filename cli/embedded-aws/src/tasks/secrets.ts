import { z } from 'zod'
import { AwsError } from '../aws-error.ts'
import type { ContainerDefinition, Scope } from '../records.ts'
import type { Upstream } from '../upstream.ts'

/** The task cannot start; the message is what ECS gives as the reason. */
export class ResourceInitializationError extends Error {}

const secret = z.object({ SecretString: z.string().default('') })
const parameters = z.object({ Parameters: z.array(z.object({ Value: z.string() })).default([]) })

const prefix = 'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed:'

/**
 * Reads the secrets of a container from SSM and Secrets Manager.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
 * @returns `NAME=value` each
 * @throws ResourceInitializationError as ECS words it
 */
export async function readSecrets(upstream: Upstream, scope: Scope, { secrets = [] }: ContainerDefinition): Promise<string[]> {
  return Promise.all(secrets.map(async ({ name, valueFrom }) => `${name}=${await readSecret(upstream, scope, valueFrom)}`))
}

async function readSecret(upstream: Upstream, scope: Scope, valueFrom: string): Promise<string> {
  return valueFrom.startsWith('arn:aws:secretsmanager:')
    ? readFromSecretsManager(upstream, scope, valueFrom)
    : readFromSsm(upstream, scope, valueFrom)
}

/** `valueFrom` may end in a JSON key, a version stage and a version id: arn:…:secret:name:key:stage:id. */
async function readFromSecretsManager(upstream: Upstream, scope: Scope, valueFrom: string): Promise<string> {
  const parts = valueFrom.split(':')
  const [key, VersionStage, VersionId] = parts.slice(7)
  const SecretId = parts.slice(0, 7).join(':')
  const fail = (why: string) =>
    new ResourceInitializationError(
      `${prefix} unable to retrieve secret from asm: service call has been retried 1 time(s): ${why}`,
    )
  const input = { SecretId, VersionStage: VersionStage || undefined, VersionId: VersionId || undefined }
  const { SecretString } = await upstream.read(secret, scope, 'secretsmanager', 'GetSecretValue', input).catch((error) => {
    throw fail(`failed to fetch secret ${SecretId} from secrets manager: ${reason(error)}`)
  })
  if (!key) return SecretString
  const value = (JSON.parse(SecretString) as Record<string, unknown>)[key]
  if (value === undefined) throw fail(`retrieved secret from Secrets Manager did not contain json key ${key}`)
  return typeof value === 'string' ? value : JSON.stringify(value)
}

async function readFromSsm(upstream: Upstream, scope: Scope, valueFrom: string): Promise<string> {
  const name = /^arn:aws:ssm:[^:]*:[^:]*:parameter(\/.+)$/.exec(valueFrom)?.[1] ?? valueFrom
  const retrieve = `${prefix} unable to retrieve secrets from ssm: service call has been retried 1 time(s):`
  // A parameter without a path has an ARN with a slash that its name lacks.
  const names = name.lastIndexOf('/') === 0 && name !== valueFrom ? [name.slice(1), name] : [name]
  const { Parameters } = await upstream
    .read(parameters, scope, 'ssm', 'GetParameters', { Names: names, WithDecryption: true })
    .catch((error) => {
      throw new ResourceInitializationError(`${retrieve} ${reason(error)}`)
    })
  const value = Parameters[0]?.Value
  if (value === undefined) throw new ResourceInitializationError(`${retrieve} invalid parameters: ${valueFrom}`)
  return value
}

function reason(error: unknown): string {
  return error instanceof AwsError ? `${error.type}: ${error.message}` : String((error as Error).message)
}
