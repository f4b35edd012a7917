import type { Command } from 'commander'
import { CliError } from '../platform/errors.ts'
import { findProject, type Project } from '../platform/project.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import type { BuildFlags, BuildResult } from '../release/build.ts'
import type { ScanFlags } from '../release/scan.ts'
import type { ImageSettings } from '../terraform/settings/settings.ts'
import { addScanOptions, addSourceOptions, engineOption, readPlatform, readRepository, readTag, type RepositoryFlag } from './options.ts'

type Flags = BuildFlags & ScanFlags & TerminalOptions & { region?: string; repository?: RepositoryFlag }

export function registerBuild(program: Command): void {
  const command = program
    .command('build')
    .description('build the image and push it to ECR, unless the same content is there already')
    .option('--tag <tag>', 'also name the image by this tag (default: a hash of its content)', readTag)
    .option('--platform <platform>', 'linux/amd64 or linux/arm64 (default: as cpu_architecture says)', readPlatform)
    .option('--no-push', 'build only')
    .option('--force', 'build even when the same content is in ECR', false)
    .option('--region <region>', 'with --repository: needs no Terraform')
    .option('--repository <name>', "the ECR repository's name, or its address, which needs no --region (default: as repository_name says)", readRepository)
  addScanOptions(addSourceOptions(command))
    .addOption(engineOption())
    .addHelpText('after', `
Examples:
  $ fargate-ctl build
  $ fargate-ctl build --tag v1.4.0
  $ fargate-ctl build --json | jq -r .digest`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<Flags>()
      const terminal = createTerminal(flags)
      const { build } = await import('../release/build.ts')
      const project = findProject(undefined, { infrastructure: flags.repository === undefined })
      const result = await build(project, await readInputs(project, flags, terminal), flags, terminal)
      if (flags.maxSeverity) await requireScanOf(project, result, flags, terminal)
      printBuild(result, terminal)
      terminal.printJson(result)
    })
}

/** @throws CliError also where nothing was pushed, so that ECR has nothing to scan */
async function requireScanOf(project: Project, { repository, digest, region }: BuildResult, flags: Flags, terminal: Terminal): Promise<void> {
  if (digest === null) throw new CliError('usage', 'ECR scans what was pushed, and nothing was.', { fix: 'Leave out --no-push, or --max-severity.' })
  const { requireScan } = await import('../release/scan.ts')
  await requireScan(project, region, { repository, digest }, flags, terminal)
}

/** From the flags alone on a machine that only builds, and otherwise from the configuration. */
async function readInputs(project: Project, flags: Flags, terminal: Terminal): Promise<ImageSettings> {
  const [{ settingsFromFlags }, { requireSettings }] = await Promise.all([
    import('../terraform/settings/settings.ts'),
    import('../terraform/settings/check-settings.ts'),
  ])
  const { repository } = flags
  const { region } = { ...flags, ...repository }
  if (flags.region !== undefined && flags.region !== region) {
    throw new CliError('usage', `--region says ${flags.region}, and the address of the repository says ${region}.`, { fix: 'Leave --region out: the address says it.' })
  }
  if ((region === undefined) !== (repository === undefined)) {
    throw new CliError('usage', '--region and --repository go together.', {
      fix: 'Give both, and the configuration is not read; or neither, and it says where the image goes.',
    })
  }
  return settingsFromFlags({ ...repository, region }) ?? requireSettings(project, terminal)
}

function printBuild({ repository, tag, digest, sizeInBytes, platform, skipped, pushed }: BuildResult, terminal: Terminal): void {
  const { bold, dim } = terminal.outColors
  const state = skipped ? 'already in ECR, nothing to do' : pushed ? 'pushed' : 'built, not pushed'
  const size = sizeInBytes === null ? '-' : `${(sizeInBytes / 1e6).toFixed(1)} MB`
  terminal.print(bold(`${repository}:${tag}`))
  for (const [name, value] of Object.entries({ digest: digest ?? '-', size, platform, state })) {
    terminal.print(`  ${dim(name.padEnd(8))} ${value}`)
  }
}
