import { useCredentials } from './client.ts'

/** Whom Terraform's provider acts as. */
export type Actor = { region: string; assume_role_arn?: string | null | undefined }

/** From here on all clients act as Terraform's provider does, but for those of the state. */
export function actAs({ region, assume_role_arn: arn }: Actor): void {
  // Other credentials than the machine's own take long to load.
  useCredentials(arn ? async () => (await import('./credentials.ts')).roleCredentials(region, arn) : undefined)
}
