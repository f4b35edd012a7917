import type { STSClientConfig } from '@aws-sdk/client-sts'
import { CliError } from '../errors.ts'
import { interruption } from '../interrupts.ts'

type Credentials = Exclude<STSClientConfig['credentials'], undefined>
let credentials: Credentials | undefined

/** From here on clients use these, as Terraform's provider does; undefined: the machine's own. */
export function useCredentials(given: Credentials | undefined): void {
  credentials = given
}

/** What a client is made with that acts as the machine itself does: a few quick retries, and the region of the settings. */
export const ownDefaults = (region: string) => ({ region, maxAttempts: 4 })

/** What a client is made with that acts as Terraform's provider does. */
export const clientDefaults = (region: string) => ({ ...ownDefaults(region), ...(credentials ? { credentials } : {}) })

/** Lets an interrupt end a call that is under way. */
export const callOptions = { abortSignal: interruption }

const patienceMilliseconds = 15_000

/** Also gives up a call that has no answer, so that it can be made again. */
export const timedCallOptions = () => ({ abortSignal: AbortSignal.any([interruption, AbortSignal.timeout(patienceMilliseconds)]) })

const credentialErrors = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
])
const throttlingErrors = new Set(['Throttling', 'ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded', 'SlowDown'])
const networkErrors = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH'])

/** What the SDK throws, as far as it tells what went wrong. */
type SdkError = { name?: string; code?: string; message?: string; $metadata?: { httpStatusCode?: number } }

/** What AWS says of a request whose time is not its own: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html */
const wrongClock = /Signature (?:has )?expired|Signature not yet current|RequestTimeTooSkewed|RequestExpired|difference between the request time and the current time/i

/** An answer to HEAD has no body, and with it no code: then only its status tells. */
function tellCause(cause: unknown): unknown {
  const { name = '', message = '', $metadata } = cause as SdkError
  const isUntold = /^(?:\d+|Unknown\w*)?$/.test(name) || message === 'UnknownError'
  return isUntold && $metadata?.httpStatusCode ? `HTTP ${$metadata.httpStatusCode}` : cause
}

/** Whether the identity lacks the permission for a call. @param cause what the SDK threw */
export function isDenied(cause: unknown): boolean {
  const { name = '', $metadata } = (cause ?? {}) as SdkError
  return !credentialErrors.has(name) && ($metadata?.httpStatusCode === 403 || name.startsWith('AccessDenied'))
}

/**
 * Makes any failed AWS call a sentence with a next step.
 * @param doing what was tried, e.g. `read the ECR repository webapp`
 * @param cause what the SDK threw
 * @param permission the IAM action that the call takes, where the caller knows it
 */
export function awsError(doing: string, cause: unknown, permission?: string): CliError {
  interruption.throwIfAborted()
  const { name = '', code = '', message: said = '', $metadata } = cause as SdkError
  if (wrongClock.test(`${name} ${said}`)) {
    return new CliError('unavailable', `The clock of this machine is wrong, and AWS refuses what it signs: could not ${doing}.`, {
      fix: 'Set it (`timedatectl set-ntp true`) and run the same command again.',
      cause,
    })
  }
  if (credentialErrors.has(name) || $metadata?.httpStatusCode === 401) {
    return new CliError('unavailable', `AWS credentials are missing or no longer valid: could not ${doing}.`, {
      fix: 'Sign in (`aws sso login`, or set AWS_PROFILE) and check with `aws sts get-caller-identity`.',
      cause,
    })
  }
  // Nobody has interrupted, so a call that was aborted is one that had no answer in time.
  if (networkErrors.has(code) || name === 'TimeoutError' || name === 'AbortError') {
    return new CliError('unavailable', `AWS is out of reach: could not ${doing}.`, {
      fix: 'Check the network and the region, and AWS_ENDPOINT_URL if it is set.',
      cause,
    })
  }
  if (isDenied(cause)) {
    return new CliError('unavailable', `AWS does not allow this identity to ${doing}.`, {
      fix: `Ask for the permission${permission ? ` ${permission}` : ' that the cause names'}, or use another profile or role.`,
      cause: tellCause(cause),
    })
  }
  if ($metadata?.httpStatusCode === 429 || throttlingErrors.has(name)) {
    return new CliError('unavailable', `AWS asks for patience: could not ${doing}.`, {
      fix: 'Too many calls were made in this account: wait a minute and run the same command again.',
      cause,
    })
  }
  const status = $metadata?.httpStatusCode ?? 0
  const told = tellCause(cause)
  return new CliError('unavailable', `Could not ${doing}.`, {
    ...(status >= 500 ? { fix: 'The fault is on the side of AWS: run the same command again; https://health.aws.amazon.com shows larger ones.' } : {}),
    cause: typeof told === 'string' ? told : `${name}: ${said || String(cause)}`,
  })
}

/**
 * Waits for an AWS call. @param what and permission are as for `awsError`
 * @throws CliError `unavailable`
 */
export function doing<Result>(what: string, call: Promise<Result>, permission?: string): Promise<Result> {
  return call.catch((cause: unknown) => Promise.reject(awsError(what, cause, permission)))
}
