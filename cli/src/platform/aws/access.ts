import type { StateAccess } from './credentials.ts'

/** What a client needs to act as a backend does; nothing where the machine's own credentials count, for more take long to load. */
export async function accessOf(access: StateAccess) {
  if (!access.profile && !access.assume_role) return {}
  const { credentialsFor } = await import('./credentials.ts')
  return { credentials: credentialsFor(access) }
}
