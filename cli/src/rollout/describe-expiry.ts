/** When ECS decides by itself, and what; for a sentence. */
export function describeExpiry({ expiresAt, timeoutAction }: { expiresAt: Date | null; timeoutAction: string }): string {
  const does = timeoutAction === 'CONTINUE' ? 'lets it go on' : 'rolls it back'
  return expiresAt ? `at ${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC ECS ${does}` : `ECS ${does} when its time is over`
}
