import t from 'tap'

const reasons = {
  act: 'needs act, which runs workflows: npm run setup -- --for test:all',
  engine: 'needs a container engine',
  'embedded AWS': 'needs the embedded AWS, which runs on Python',
  linters: 'needs every linter: npm run setup',
  time: 'takes minutes: npm run test:all',
}

/** What a test may need and a machine may lack. */
export type Need = keyof typeof reasons

/** @returns why a test is to be skipped, as cli/test/run.ts has found out; undefined where it can run */
export function lacking(...needs: Need[]): string | undefined {
  const missing = (process.env.FARGATE_CTL_TEST_WITHOUT ?? '').split(',')
  return needs.filter((need) => missing.includes(need)).map((need) => reasons[need]).join(', ') || undefined
}

/** Skips the whole test file where something it needs cannot be had. */
export function skipFileWithout(...needs: Need[]): void {
  const why = lacking(...needs)
  if (!why) return
  t.plan(0, why)
  // A module cannot return.
  process.exit()
}
