import { z } from 'zod'

export const engineNames = ['docker', 'podman'] as const
export type EngineName = (typeof engineNames)[number]

/** Where an engine's HTTP API is. */
export const engineAddressSchema = z.object({
  /** unix:// or tcp:// */
  host: z.string(),
  /** Where it speaks TLS: the folder that holds ca.pem, cert.pem and key.pem, and whether its certificate has to be good. */
  tls: z.object({ folder: z.string(), verify: z.boolean() }).optional(),
  /** The process of podman's service, where it was started here: it may not raise limits, and has no systemd that checks health. */
  podman: z.number().optional(),
})
export type EngineAddress = z.infer<typeof engineAddressSchema>
