import { Option, type Command } from 'commander'
import type { DeployFlags, DeployResult } from '../rollout/deploy.ts'
import { describeExpiry } from '../rollout/describe-expiry.ts'
import type { Proof } from '../rollout/prove.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { findProject } from '../platform/project.ts'
import { formatSeconds } from '../platform/terminal/format-seconds.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import { addRolloutOptions, addScanOptions, addSourceOptions, engineOption, holdOption, readCommand, readPlatform, readTag } from './options.ts'

type Flags = Omit<DeployFlags, 'before'> & TerminalOptions & { before?: string[] }

export function registerDeploy(program: Command): void {
  const command = program
    .command('deploy')
    .description('apply infrastructure/ with an image and wait for the proof that it serves')
    .option('--tag <tag>', "deploy this tag (default: the tag of the application's content)", readTag)
    .option('--build', 'build and push first', false)
    .addOption(new Option('--plan <file>', 'apply exactly this plan, which plan --out has sealed, without asking').conflicts(['tag', 'build', 'force', 'planOnly', 'maxSeverity']))
    .option('--before <command>', 'first run this once with the new image, such as "node migrate.js"', readCommand)
    .option('--platform <platform>', 'with --build: linux/amd64 or linux/arm64', readPlatform)
    .option('--force', 'with --build: build even when the same content is in ECR', false)
  addScanOptions(addSourceOptions(addRolloutOptions(command)))
    .addOption(holdOption())
    .addOption(engineOption())
    .addHelpText('after', `
Examples:
  $ fargate-ctl deploy --build
  $ fargate-ctl deploy --tag v1.4.0 --plan-only
  $ fargate-ctl deploy --plan release.plan
  $ fargate-ctl deploy --build --hold          then: fargate-ctl continue, or rollback
  $ fargate-ctl deploy --build --auto-approve --json`)
    .action(async (_options, command: Command) => {
      const { before, ...flags } = command.optsWithGlobals<Flags>()
      const terminal = createTerminal(flags)
      const [{ deploy }, { refusedToDeploy, requireSettings }] = await Promise.all([
        import('../rollout/deploy.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      const settings = await requireSettings(project, terminal, refusedToDeploy)
      const result = await deploy(project, settings, { ...flags, ...hookFor(before, settings, flags) }, terminal)
      printDeployment(result, terminal)
      terminal.printJson(result)
    })
}

/** What `deploy` does before its apply. */
function hookFor(command: string[] | undefined, { inputs }: Settings, { timeout }: Pick<Flags, 'timeout'>): Pick<DeployFlags, 'before'> {
  if (!command) return {}
  return {
    before: async (release, outputs, terminal) => {
      const { runBefore } = await import('../operations/run-before.ts')
      await runBefore({ command, region: inputs.region, timeoutSeconds: timeout }, release, outputs, terminal)
    },
  }
}

/** The end of a deployment: what serves where, what proves it, and what the steps took. */
export function printDeployment({ url, image, version, proof, held, receipt, changes, steps }: DeployResult, terminal: Terminal): void {
  const { bold, dim, green } = terminal.outColors
  if (held) printHeld(held, image.tag, terminal)
  else if (url) terminal.print(`${green('●')} ${bold(url)} ${version ? `answers with version ${version}` : `serves ${image.tag}`}`)
  else terminal.print(bold('Planned only; nothing was changed.'))
  const proved = proof ? { proof: formatProof(proof) } : undefined
  const lines = { image: `${image.repository}:${image.tag}`, digest: image.digest, ...proved, changes: formatCounts(changes), ...(receipt ? { receipt } : {}) }
  for (const [name, value] of Object.entries(lines)) terminal.print(`  ${dim(name.padEnd(8))} ${value}`)
  const times = steps.map(({ name, seconds }) => `| ${name} | ${formatSeconds(seconds)} |`)
  terminal.summary(
    [`### ${held ? `Held: ${image.tag}` : url ? `Deployed: ${url}` : 'Planned'}`, '', `\`${lines.image}\` \`${image.digest}\``, ...(proof ? ['', formatProof(proof)] : []), '', '| step | time |', '|---|---|', ...times].join('\n'),
  )
}

function printHeld({ expiresAt, timeoutAction }: NonNullable<DeployResult['held']>, tag: string, terminal: Terminal): void {
  const { bold, yellow } = terminal.outColors
  terminal.print(`${yellow('●')} ${bold(`${tag} is held`)}: its tasks are healthy, and ECS waits for somebody to decide.`)
  terminal.print('  go on    fargate-ctl continue')
  terminal.print('  go back  fargate-ctl rollback')
  terminal.print(`  else     ${describeExpiry({ expiresAt: expiresAt === null ? null : new Date(expiresAt), timeoutAction })}`)
}

/** What the three parts of the proof are, and plainly where the app itself shows less than its digest. */
function formatProof({ tasks, app }: Proof): string {
  const shown = {
    digest: 'the app answered with it three times in a row',
    tag: 'the app answered three times in a row with its tag; its /version names no digest',
    version: 'the app answered three times in a row with its version; its /version names no digest',
    health: `the app answered three times in a row (${app.answer}), which tells no version`,
  }
  return `ECS has completed the deployment of this digest, ${tasks === 1 ? 'the one task runs it' : `all ${tasks} tasks run it`}, and ${shown[app.shows]}`
}

function formatCounts(changes: DeployResult['changes']): string {
  const parts = Object.entries(changes).filter(([, count]) => count > 0)
  return parts.length === 0 ? 'none' : parts.map(([kind, count]) => `${kind} ${count}`).join(', ')
}
