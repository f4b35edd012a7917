import { join } from 'node:path'
import { z } from 'zod'
import { engineAddressSchema } from '../engine/address.ts'
import { processSchema } from './processes.ts'

/** What a running one has to have in common with the one that is wanted; otherwise it is started anew. */
const settings = {
  /** How many of AWS's seconds pass in one. */
  speed: z.number().positive(),
  /** Each has a key of its own. */
  accounts: z.array(z.string()),
  /** With none, tasks are processes of this machine. */
  engine: z.union([engineAddressSchema, z.literal('none')]),
  /** Hash of its code. */
  build: z.string(),
}
export const settingsSchema = z.object(settings)
export type Settings = z.infer<typeof settingsSchema>

/** What the daemon is started with, as JSON in its one argument. */
export const daemonOptionsSchema = z.object({
  ...settings,
  python: z.string(),
  stateDir: z.string(),
  /** The port of last time, so that image references and addresses stay true. */
  port: z.number().optional(),
})
export type DaemonOptions = z.infer<typeof daemonOptionsSchema>

/** What it writes once it serves. */
export const daemonFileSchema = z.object({
  version: z.literal(1),
  ...settings,
  process: processSchema,
  /** It tells this name to whoever asks, so that another program at its address is found out. */
  instance: z.string(),
  url: z.url(),
})
export type DaemonFile = z.infer<typeof daemonFileSchema>

/** What it tells the process that started it. */
export const daemonMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), url: z.url() }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
])
export type DaemonMessage = z.infer<typeof daemonMessageSchema>

/** What lies in the folder of an embedded AWS. */
export const filesOf = (stateDir: string) => ({
  daemon: join(stateDir, 'daemon.json'),
  /** Held by whoever starts or stops it. */
  lock: join(stateDir, 'lock'),
  keys: join(stateDir, 'keys.json'),
  /** The engine that has run its tasks. */
  engine: join(stateDir, 'engine.json'),
  log: join(stateDir, 'daemon.log'),
  port: join(stateDir, 'port.json'),
  ministack: join(stateDir, 'ministack'),
})
