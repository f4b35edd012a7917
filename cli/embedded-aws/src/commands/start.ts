import { Option, InvalidArgumentError, type Command } from 'commander'
import { ensureEmbeddedAws } from '../daemon/launch.ts'
import { environmentFor } from '../environment.ts'
import { findPython } from '../python.ts'
import { jsonOption, regionOption, stateDirOf, stateOption, type CommonFlags } from './options.ts'

type Flags = CommonFlags & { speed: number; tasks: 'containers' | 'processes'; domain?: string; python?: string; region: string }

export function registerStart(program: Command): void {
  program
    .command('start')
    .description('start it, or find the one that runs already')
    .addOption(stateOption())
    .addOption(regionOption())
    .option('--speed <n>', "run this many times faster than real time", readPositive, 1)
    .addOption(new Option('--tasks <kind>', 'run tasks as containers, or as processes of this machine without isolation').choices(['containers', 'processes']).default('containers'))
    .option('--domain <name>', 'the name that HTTPS listeners have a certificate for')
    .addOption(new Option('--python <path>', 'a Python that has ministack (default: the python3 on PATH)').env('EMBEDDED_AWS_PYTHON'))
    .addOption(jsonOption())
    .action(start)
}

async function start(flags: Flags): Promise<void> {
  const stateDir = stateDirOf(flags)
  const python = await findPython(flags.python)
  const { url, startedNow } = await ensureEmbeddedAws({ stateDir, python, speed: flags.speed, tasksAre: flags.tasks, domainName: flags.domain })
  const environment = environmentFor({ url, region: flags.region, stateDir }, process.env)
  if (flags.json) return void process.stdout.write(`${JSON.stringify({ url, startedNow, environment })}\n`)
  const tasks = flags.tasks === 'containers' ? 'tasks are containers' : 'tasks are processes of this machine, without isolation'
  process.stdout.write(`The embedded AWS ${startedNow ? 'serves' : 'serves already'} at ${url}; ${tasks}.

  Point this shell at it:  eval "$(embedded-aws env)"
  Then, for example:       terraform init && terraform apply
  Stop it:                 embedded-aws stop

Its state and its log lie in ${stateDir}.
`)
}

function readPositive(text: string): number {
  const number = Number(text)
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('a number above 0 is needed.')
  return number
}
