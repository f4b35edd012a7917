import type { Command } from 'commander'
import type { Status } from '../status.ts'
import { askStatus, jsonOption, requireRunning, stateDirOf, stateOption, type CommonFlags } from './options.ts'

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('list services, tasks and targets')
    .addOption(stateOption())
    .addOption(jsonOption())
    .action(status)
}

async function status(flags: CommonFlags): Promise<void> {
  const stateDir = stateDirOf(flags)
  const { url, speed, engine, healthy } = await requireRunning(stateDir)
  const found = await askStatus(stateDir, url)
  if (flags.json) return void process.stdout.write(`${JSON.stringify({ url, speed, engine, healthy, ...found })}\n`)
  const trouble = healthy ? '' : ' ministack, which answers what is not ECS, does not: run `embedded-aws start` again.'
  process.stdout.write(`${url}, ${engine === 'none' ? 'tasks are processes' : `tasks are containers of ${engine.host}`}, speed ${speed}.${trouble}\n${render(found)}`)
}

function render({ services, tasks, targets, unsaved }: Status): string {
  return [
    unsaved ? `Not saved: ${unsaved}\n` : '',
    table('services', services.map((each) => [`${each.cluster}/${each.name}`, `${each.running} of ${each.desired} running`, each.taskDefinition, each.rollout])),
    table('tasks', tasks.map((each) => [each.id, each.group, each.status, each.health, Object.entries(each.ports).map(([from, to]) => `${from} at ${each.host}:${to}`).join(', ')])),
    table('targets', targets.map((each) => [each.group, each.address, each.state, each.reason ?? ''])),
  ].join('')
}

function table(title: string, rows: string[][]): string {
  if (rows.length === 0) return `\nno ${title}\n`
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
  return `\n${title}\n${lines.join('\n')}\n`
}
