/** Said wherever a rehearsal sums up that had no container engine. */
export const withoutIsolation =
  'There was no container engine: tasks were processes of this machine, without isolation (no limits, no read-only root, no user or network of their own).'
