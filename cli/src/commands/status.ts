import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { exitCodes } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import { findProject } from '../platform/project.ts'
import { describeAge } from '../platform/terminal/describe-age.ts'
import { liveText } from '../platform/terminal/live.ts'
import { redact } from '../platform/terminal/secrets.ts'
import { formatTable } from '../platform/terminal/table.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import type { Status, TaskStatus } from '../rollout/status.ts'

const pauseMilliseconds = 5000

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('show what is deployed and how it does; ends with 0 if it is healthy, and with 5 if not')
    .option('--watch', 'look again every 5 s, until it is interrupted', false)
    .addHelpText('after', `
Examples:
  $ fargate-ctl status
  $ fargate-ctl status --json | jq .healthy`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<TerminalOptions & { watch: boolean }>()
      const terminal = createTerminal(flags)
      const [{ readStatus }, { openDeployed }, { openReceipts }, { requireSettings }] = await Promise.all([
        import('../rollout/status.ts'),
        import('../rollout/open.ts'),
        import('../rollout/receipt/store.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      const settings = await requireSettings(project, terminal)
      const receipts = openReceipts(project, settings, terminal)
      const look = async () => readStatus(await openDeployed(project, settings, terminal), settings, receipts)
      if (flags.watch) return watch(look, terminal)
      const status = await look()
      for (const line of formatStatus(status, terminal)) terminal.print(line)
      terminal.printJson(status)
      if (!status.healthy) process.exitCode = exitCodes.deploymentFailed
    })
}

/** On a terminal in one place; elsewhere, and as JSON, one after the other. */
async function watch(look: () => Promise<Status>, terminal: Terminal): Promise<void> {
  const view = terminal.interactive && process.stdout.isTTY && !terminal.json ? liveText(process.stdout) : undefined
  for (;;) {
    const status = await look()
    const text = formatStatus(status, terminal).join('\n')
    if (view) view.show(redact(text))
    else terminal.print(text)
    terminal.printJson(status)
    await sleep(pauseMilliseconds, undefined, { signal: interruption }).catch(() => interruption.throwIfAborted())
  }
}

function formatStatus(status: Status, { outColors }: Terminal): string[] {
  const { bold, dim, green, red, yellow } = outColors
  const { healthy, sentence, url, app, tag, digest, since, by, counts, tasks, targets, deployment, alarms, protections, drift, events, imageInEcr, unknown } = status
  const facts: [string, string | null][] = [
    ['address', url],
    ['app', app],
    ['version', [tag, digest].filter(Boolean).join(', ') || 'not known'],
    ['since', since ? `${describeAge(since)} (${since})${by ? `, by ${by}` : ''}` : 'not known'],
    ['image', imageInEcr === null ? 'whether ECR still has it is not known' : imageInEcr ? 'in ECR' : red('no longer in ECR: tasks that stop cannot be replaced')],
    ['tasks', `${counts.desired} wanted, ${counts.running} running, ${counts.pending} pending; ${counts.why}`],
    ['deployment', deployment && yellow(`${deployment.status}${deployment.reason ? `: ${deployment.reason}` : ''}${deployment.since ? `, begun ${describeAge(deployment.since)}` : ''}${deployment.held ? `; held: fargate-ctl continue or rollback; ${deployment.held}` : ''}`)],
    ['alarms', alarms.length > 0 ? alarms.map(({ name, state }) => `${name} ${state === 'ALARM' ? red(state) : state}`).join(', ') : 'none watches deployments'],
    ['protected', `circuit breaker ${protections.circuitBreaker}; deletion protection ${{ true: 'on', false: 'off', null: 'not known' }[`${protections.deletionProtection}`]}`],
    ['drift', drift && yellow(drift)],
    ...unknown.map((each): [string, string] => ['unknown', yellow(each)]),
  ]
  return [
    `${healthy ? green('●') : red('●')} ${bold(sentence)}`,
    ...facts.flatMap(([name, text]) => (text ? `  ${dim(name.padEnd(10))} ${text}` : [])),
    ...section('tasks', tasks.length > 0 ? formatTable([taskColumns, ...tasks.map(formatTask)]) : [], dim),
    ...section('targets', targets.map(({ zone, id, port, state, reason, description }) => [zone ?? 'no zone', `${id}:${port}`, state, reason, description].filter(Boolean).join('  ')), dim),
    ...section('last events', events.map(({ at, text }) => `${describeAge(at)}: ${text}`), dim),
  ]
}

const section = (name: string, lines: string[], dim: (text: string) => string) => (lines.length > 0 ? [dim(name), ...lines.map((line) => `  ${line}`)] : [])

const taskColumns = ['task', 'zone', 'version', 'right', 'status', 'container', 'target', 'cpu', 'memory', 'started', 'on']

function formatTask({ id, zone, tag, digest, isRight, status, containerHealth, targetHealth, cpu, memory, startedAt, spot }: TaskStatus): string[] {
  const version = tag ?? digest?.slice('sha256:'.length, 'sha256:'.length + 12) ?? '-'
  return [id, zone ?? '-', version, isRight ? 'yes' : 'NO', status, containerHealth ?? '-', targetHealth ?? '-', cpu ?? '-', memory ?? '-', startedAt ? describeAge(startedAt) : '-', spot ? 'Spot' : 'Fargate']
}
