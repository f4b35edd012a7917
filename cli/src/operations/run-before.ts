import { CliError } from '../platform/errors.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Release } from '../release/release.ts'
import { findDeployedService, readServiceOutputs } from '../rollout/service.ts'
import { runOneOff } from './one-off.ts'

type Before = { command: string[]; region: string; timeoutSeconds: number }

/**
 * Runs a command with the image that is about to be deployed, in a task like those of the service that runs now.
 * @param values Terraform's outputs
 * @throws CliError `usage` where there is no service yet, `deploymentFailed` when the command fails; nothing is applied then
 */
export async function runBefore({ command, region, timeoutSeconds }: Before, { repository, digest }: Release, values: unknown, terminal: Terminal): Promise<void> {
  const outputs = readServiceOutputs(values)
  const service = findDeployedService(region, outputs)
  const text = command.join(' ')
  if (!service) {
    throw new CliError('usage', `--before ${text}: there is no service yet whose network and roles a task could have. Nothing was applied.`, {
      fix: `Deploy without --before first, then: fargate-ctl run -- ${text}`,
    })
  }
  await terminal.step(`Before: ${text}`, async () => {
    const onLine = (line: string) => terminal.note(`  ${line}`)
    const { exitCode, end } = await runOneOff({ service, outputs }, { command, image: `${repository}@${digest}`, timeoutSeconds, onLine }, terminal)
    if (exitCode === 0) return
    throw new CliError('deploymentFailed', `${text} ended with exit code ${exitCode}; nothing was applied, and what served before still serves.`, {
      fix: 'Read its lines above; what it changed until then stays changed.',
      cause: end,
    })
  })
}
