import { z } from 'zod'

/** What the daemon is started with, as JSON in its one argument. */
export const daemonOptionsSchema = z.object({
  python: z.string(),
  stateDir: z.string(),
  /** The folder of Terraform modules to serve. */
  modules: z.string(),
  /** The port of last time, so that image references and addresses stay true. */
  port: z.number().optional(),
  /** How many of AWS's seconds pass in one. */
  speed: z.number().positive().default(1),
  /** Processes where no container engine can be had. */
  tasksAre: z.enum(['containers', 'processes']).default('containers'),
  /** Hash of its code. */
  build: z.string(),
})
export type DaemonOptions = z.infer<typeof daemonOptionsSchema>

/** What it writes once it serves. */
export const daemonFileName = 'daemon.json'
export const daemonFileSchema = z.object({
  pid: z.number(),
  url: z.url(),
  ...daemonOptionsSchema.pick({ speed: true, tasksAre: true }).shape,
  /** Older ones did not write it. */
  build: z.string().default(''),
})
export type DaemonFile = z.infer<typeof daemonFileSchema>

/** What it tells the process that started it. */
export const daemonMessageSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), url: z.url() }),
  z.object({ kind: z.literal('failed'), reason: z.string() }),
])
export type DaemonMessage = z.infer<typeof daemonMessageSchema>
