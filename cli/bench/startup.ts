import { cli, timePair, type Comparison } from './measure.ts'

/** How long the help takes, next to Node doing nothing. */
export function benchStartup(): Comparison[] {
  const [help, nothing] = timePair({ args: [process.execPath, cli, '--help'] }, { args: [process.execPath, '-e', '0'] }, 40)
  return [{ what: 'fargate-ctl --help, next to node -e 0', ours: `${help.toFixed(0)} ms`, other: `${nothing.toFixed(0)} ms`, ratio: help / nothing }]
}
