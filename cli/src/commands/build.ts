import { InvalidArgumentError, Option, type Command } from 'commander'
import type { BuildFlags, BuildResult } from '../build/build.ts'
import { findProject } from '../project.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../terminal/terminal.ts'

export function registerBuild(program: Command): void {
  program
    .command('build')
    .description('build the image and push it to ECR, unless the same content is there already')
    .option('--tag <tag>', 'also name the image by this tag (default: a hash of its content)', readTag)
    .option('--platform <platform>', 'linux/amd64 or linux/arm64 (default: as cpu_architecture says)', readPlatform)
    .option('--no-push', 'build only')
    .option('--force', 'build even when the same content is in ECR', false)
    .addOption(engineOption())
    .addHelpText('after', `
Examples:
  $ fargate-ctl build
  $ fargate-ctl build --tag v1.4.0
  $ fargate-ctl build --json | jq -r .digest`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<BuildFlags & TerminalOptions>()
      const terminal = createTerminal(flags)
      const [{ build }, { requireSettings }] = await Promise.all([
        import('../build/build.ts'),
        import('../config/check-settings.ts'),
      ])
      const project = findProject()
      const result = await build(project, await requireSettings(project, terminal), flags, terminal)
      printBuild(result, terminal)
      terminal.printJson(result)
    })
}

/** `--engine`, also FARGATE_CTL_ENGINE. */
export function engineOption(): Option {
  return new Option('--engine <engine>', 'container engine; none: in a rehearsal only')
    .choices(['docker', 'podman', 'finch', 'none'])
    .default('docker')
    .env('FARGATE_CTL_ENGINE')
}

/** A tag as registries allow it (https://github.com/opencontainers/distribution-spec, Pulling manifests). */
export function readTag(text: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text)) return text
  throw new InvalidArgumentError('A tag has 1 to 128 letters, digits and _ . - and begins with none of . and -')
}

/** The platforms that Fargate runs; `arm64` is short for `linux/arm64`. */
export function readPlatform(text: string): string {
  const platform = text.includes('/') ? text : `linux/${text}`
  if (['linux/amd64', 'linux/arm64'].includes(platform)) return platform
  throw new InvalidArgumentError('Fargate runs linux/amd64 and linux/arm64.')
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
