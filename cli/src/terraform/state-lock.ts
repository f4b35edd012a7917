import { z } from 'zod'
import { describeAge } from '../platform/terminal/describe-age.ts'
import { openFiles } from '../platform/aws/s3.ts'
import type { Backend } from './settings/settings.ts'

/** What Terraform writes into a lock file: https://github.com/hashicorp/terraform/blob/main/internal/states/statemgr/locker.go */
const lockInfoSchema = z.looseObject({
  ID: z.string().min(1),
  Operation: z.string().default(''),
  Who: z.string().default(''),
  Version: z.string().default(''),
  Created: z.coerce.date().optional().catch(undefined),
})

export type LockInfo = z.infer<typeof lockInfoSchema>

/** `info` is undefined where the lock file holds nothing that Terraform would have written. */
export type StateLock = { bucket: string; key: string; info: LockInfo | undefined }

/** Where the state lies: another workspace than the default one has a folder (https://developer.hashicorp.com/terraform/language/backend/s3). */
export function stateKey({ key }: Pick<Backend, 'key'>): string {
  const { TF_WORKSPACE: workspace = 'default' } = process.env
  return workspace === 'default' || workspace === '' ? key : `env:/${workspace}/${key}`
}

/** @returns the lock that is held on the state, or undefined @throws CliError `unavailable` */
export async function readStateLock(backend: Backend): Promise<StateLock | undefined> {
  const key = `${stateKey(backend)}.tflock`
  const text = await openFiles(backend).read(key)
  return text === undefined ? undefined : { bucket: backend.bucket, key, info: parseLock(text) }
}

function parseLock(text: string): LockInfo | undefined {
  try {
    return lockInfoSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Who holds a lock and since when, in a few words. */
export function describeLock({ info, key }: StateLock): string {
  if (!info) return `${key} is there, but holds no lock that Terraform wrote`
  const { ID: id, Who: who, Operation: operation, Created: created } = info
  const words = [`lock ${id}, held by ${who || 'somebody'}`, operation && `for ${operationName(operation)}`, created && `taken ${describeAge(created)}`]
  return words.filter(Boolean).join(', ')
}

const operationName = (operation: string) => operation.replace(/^OperationType/, '').toLowerCase()
