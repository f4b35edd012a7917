import { z } from 'zod'

const text = z.string()
const time = z.iso.datetime()
const digest = text.regex(/^sha256:[0-9a-f]{64}$/)

const releaseSchema = z.strictObject({
  repository: text,
  tag: text,
  digest,
  platform: text.nullable(),
  version: text.nullable(),
  commit: text.nullable(),
})

const proofSchema = z.strictObject({
  deployment: text.nullable(),
  taskDefinition: text,
  digest,
  tasks: z.int().positive(),
  app: z.strictObject({ shows: z.enum(['digest', 'tag', 'version', 'health']), answer: text }),
})

const failure = { exitCode: z.int(), message: text, cause: text.nullable(), fix: text.nullable() }

/** `proved` cannot be said without the proof. */
const outcomeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('proved'), proof: proofSchema, version: text.nullable() }),
  z.strictObject({ kind: z.literal('failed'), ...failure }),
  z.strictObject({ kind: z.literal('unknown'), ...failure }),
  z.strictObject({ kind: z.literal('interrupted'), ...failure }),
  /** It waits for `continue` or `rollback`; until when, and what ECS does when nobody decides. */
  z.strictObject({ kind: z.literal('held'), exitCode: z.int(), expiresAt: time.nullable(), timeoutAction: text }),
])

const stopSchema = z.strictObject({
  task: text,
  at: time.nullable(),
  code: text.nullable(),
  reason: text.nullable(),
  containers: z.array(z.strictObject({ name: text, exitCode: z.int().nullable(), reason: text.nullable(), health: text.nullable() })),
  /** The last lines of the container that the task ended for. */
  log: z.array(text),
})

const addresses = z.array(text)

/**
 * What became of one deployment, with the evidence itself: AWS forgets stopped tasks after about an hour and deployments
 * after 90 days. Times are UTC; those of `timeline`, `stops` and `deployment` are AWS's.
 */
export const receiptSchema = z.strictObject({
  /** Of this form. */
  version: z.literal(1),
  id: text.regex(/^[0-9a-f]{8}$/),
  command: z.enum(['deploy', 'rollback', 'promote', 'continue']),
  startedAt: time,
  endedAt: time,
  /** `who` ran it, where; `identity`: as whom AWS knew them; `run`: the address of the CI run. */
  by: z.strictObject({ who: text, identity: text, run: text.nullable(), fargateCtl: text }),
  target: z.strictObject({ account: text, region: text, name: text, env: text, state: text }),
  /** Of the checkout that was deployed from; `dirty`: files that differ from it. */
  checkout: z.strictObject({ commit: text.nullable(), dirty: z.array(text) }),
  release: releaseSchema,
  /** The environment that a promotion took the release from, and the receipt that proves it there. */
  promotedFrom: z.strictObject({ env: text, receipt: text, repository: text, account: text }).optional(),
  /** The receipt of the held deployment that this one is about. */
  continues: text.optional(),
  /** What the service ran before; null where there was none, or it is not known. */
  before: z.strictObject({ taskDefinition: text, digest: digest.nullable() }).nullable(),
  /** What Terraform deployed; null where it did not get so far. */
  taskDefinition: text.nullable(),
  service: text.nullable(),
  url: text.nullable(),
  /** Terraform's input variables; of those that it calls sensitive, the names alone. */
  variables: z.strictObject({ values: z.record(text, z.unknown()), sensitive: z.array(text) }),
  changes: z.strictObject({ create: addresses, update: addresses, replace: addresses, destroy: addresses }),
  /** Resources that Terraform worked on for 10 s or longer; older receipts do not tell. */
  slow: z.array(z.strictObject({ address: text, seconds: z.number().nonnegative() })).optional(),
  stages: z.array(z.strictObject({ name: text, startedAt: time, seconds: z.number().nonnegative() })),
  deployment: z
    .strictObject({ arn: text, status: text, reason: text.nullable(), startedAt: time.nullable(), endedAt: time.nullable() })
    .nullable(),
  timeline: z.array(z.strictObject({ at: time, kind: text, text })),
  stops: z.array(stopSchema),
  outcome: outcomeSchema,
})

export type Receipt = z.infer<typeof receiptSchema>

/** The same as a JSON Schema, for programs that read receipts: receipt.schema.json. */
export const renderReceiptSchema = () => `${JSON.stringify(z.toJSONSchema(receiptSchema), null, 2)}\n`

/** Statuses of a deployment whose version ECS has taken back, or that somebody has stopped. */
export const takenBack = new Set(['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED', 'STOP_REQUESTED', 'STOPPED'])

/** Whether this is proof that its version served. */
export const isProved = ({ outcome }: Receipt): boolean => outcome.kind === 'proved'

/** Whether ECS took its version back. */
export const isTakenBack = ({ deployment, outcome }: Receipt): boolean => outcome.kind !== 'proved' && takenBack.has(deployment?.status ?? '')

/** The first line of a message or cause that may have many. */
export const firstLine = (told: string) => told.trim().split('\n', 1)[0] ?? ''

/** `a1b2c3d4e5f6` of a digest, as people compare them. */
export const shortDigest = (told: string) => told.replace(/^sha256:/, '').slice(0, 12)
