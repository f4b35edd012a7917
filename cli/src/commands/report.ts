import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Command } from 'commander'
import { CliError } from '../platform/errors.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'

export function registerReport(program: Command): void {
  program
    .command('report [id]')
    .description('write one HTML page about a deployment, the last one or that of a receipt: what happened, when and why')
    .option('--output <file>', 'the file (default: .fargate-ctl/reports/<id>.html)')
    .addHelpText('after', `
Examples:
  $ fargate-ctl report
  $ fargate-ctl report 1f0c3a5b --output outage.html
  $ fargate-ctl report --json                        the receipt itself`)
    .action(async (asked: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<TerminalOptions & { output?: string }>()
      const terminal = createTerminal(flags)
      const [{ openReceipts }, { renderReport }, { requireSettings }] = await Promise.all([
        import('../rollout/receipt/store.ts'),
        import('../rollout/receipt/report.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      const receipts = openReceipts(project, await requireSettings(project, terminal), terminal)
      const [found] = asked === undefined ? await receipts.newest(1) : [await receipts.find(asked)]
      if (!found) throw new CliError('usage', 'There is no receipt: nothing was deployed yet.', { fix: 'Deploy first: fargate-ctl deploy --build' })
      if (flags.json) return terminal.printJson(found.receipt)
      const file = flags.output ?? join(project.scratch, 'reports', `${found.receipt.id}.html`)
      await write(file, await renderReport(found.receipt))
      terminal.print(relative(process.cwd(), file))
    })
}

async function write(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { mode: 0o600 })
  } catch (cause) {
    throw new CliError('unavailable', `The report could not be written to ${file}.`, { fix: 'Name another file with --output.', cause })
  }
}
