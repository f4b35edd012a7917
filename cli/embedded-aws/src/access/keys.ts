import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { readJson, writeJson } from '../files.ts'
import { UserError } from '../user-error.ts'

const keySchema = z.object({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  /** Whom requests that are signed with it act for. */
  account: z.string().regex(/^\d{12}$/),
  /** Keys that STS has given out come with one. */
  sessionToken: z.string().optional(),
  /** Whether STS or IAM has given it out. */
  learned: z.boolean().default(false),
})
export type Key = z.infer<typeof keySchema>

const fileSchema = z.object({
  version: z.literal(1),
  keys: z.array(keySchema),
  /** Signs the registry's login tokens. */
  registrySecret: z.string(),
})

/** The keys that open this embedded AWS. */
export type Keys = {
  find: (accessKeyId: string) => Key | undefined
  /** The key that was made for the account, or for the first one. */
  issued: (account?: string) => Key
  registrySecret: string
  /** A key that STS or IAM has given out is known from then on. */
  learn: (key: Key) => Promise<void>
}

/**
 * Makes a random key for each account that has none yet, in a file that its owner alone can read.
 * @throws UserError when the file is not one of these
 */
export async function ensureKeys(file: string, accounts: string[]): Promise<Keys> {
  const known = readJson(file, fileSchema) ?? { version: 1 as const, keys: [], registrySecret: randomBytes(32).toString('base64url') }
  const missing = accounts.filter((account) => !known.keys.some((key) => key.account === account))
  if (missing.length > 0) {
    known.keys.push(...missing.map(makeKey))
    await writeJson(file, known)
  }
  return openKeys(file)
}

/** @throws UserError when there are none, or the file is not one of these */
export function openKeys(file: string): Keys {
  const state = readJson(file, fileSchema)
  if (!state) throw new UserError(`There are no keys in ${file}.`, { fix: 'Start the embedded AWS with `embedded-aws start`.' })
  const byId = new Map(state.keys.map((key) => [key.accessKeyId, key]))
  return {
    find: (accessKeyId) => byId.get(accessKeyId),
    issued: (account = state.keys[0]?.account) => {
      const key = state.keys.find((each) => each.account === account && !each.learned)
      if (key) return key
      throw new UserError(`There is no key for the account ${account}.`, { fix: 'Name it when it is started: `embedded-aws start --account`.' })
    },
    registrySecret: state.registrySecret,
    learn: async (key) => {
      byId.set(key.accessKeyId, key)
      // What STS gives out ends soon.
      if (key.sessionToken !== undefined) return
      state.keys.push(key)
      await writeJson(file, state)
    },
  }
}

/** In the form that AWS's own have. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
function makeKey(account: string): Key {
  const id = BigInt(`0x${randomBytes(10).toString('hex')}`).toString(32).padStart(16, '0').toUpperCase()
  return { accessKeyId: `AKIA${id}`, secretAccessKey: randomBytes(30).toString('base64'), account, learned: false }
}
