import { Option, InvalidArgumentError, type Command } from 'commander'
import { openKeys } from '../access/keys.ts'
import { filesOf } from '../daemon/protocol.ts'
import { ensureEmbeddedAws } from '../daemon/launch.ts'
import { engineNames, type EngineName } from '../engine/address.ts'
import { environmentFor } from '../environment.ts'
import { jsonOption, regionOption, stateDirOf, stateOption, type CommonFlags } from './options.ts'

type Flags = CommonFlags & { speed: number; engine?: EngineName | 'none'; domain?: string; python?: string; region: string; account?: string[] }

export function registerStart(program: Command): void {
  program
    .command('start')
    .description('start it, or find the one that runs already')
    .addOption(stateOption())
    .addOption(regionOption())
    .option('--speed <n>', "run this many times faster than real time", readPositive, 1)
    .addOption(new Option('--engine <name>', 'the container engine; with none, tasks are processes of this machine, without isolation (default: docker or podman, whichever answers)').choices([...engineNames, 'none']).env('EMBEDDED_AWS_ENGINE'))
    .option('--account <ids>', 'the accounts that have a key, separated by commas (default: 000000000000)', readAccounts)
    .option('--domain <name>', 'the name that HTTPS listeners have a certificate for')
    .addOption(new Option('--python <path>', 'a Python that has ministack (default: one that is installed for it, once)').env('EMBEDDED_AWS_PYTHON'))
    .addOption(jsonOption())
    .action(start)
}

async function start(flags: Flags): Promise<void> {
  const stateDir = stateDirOf(flags)
  const { python, speed, domain: domainName, account: accounts } = flags
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const { url, engine, startedNow } = await ensureEmbeddedAws({ stateDir, python, speed, engine: flags.engine, domainName, accounts }, say)
  const environment = environmentFor({ url, key: openKeys(filesOf(stateDir).keys).issued(), region: flags.region, stateDir }, process.env)
  if (flags.json) return void process.stdout.write(`${JSON.stringify({ url, startedNow, environment })}\n`)
  const tasks = engine === 'none' ? 'tasks are processes of this machine, without isolation' : `tasks are containers of ${engine.host}`
  const command = process.env.npm_command === 'exec' ? 'npx embedded-aws' : 'embedded-aws'
  process.stdout.write(`The embedded AWS ${startedNow ? 'serves' : 'serves already'} at ${url}; ${tasks}.
ECS, ECR, load balancers and scaling with VPC, IAM, S3, CloudWatch and the rest that Terraform needs for them.

  Point this shell at it:  eval "$(${command} env)"   (AWS_ENDPOINT_URL, AWS_REGION=${flags.region}, a key that nobody else has)
  Then, for example:       terraform init && terraform apply
  See what runs:           ${command} status
  Stop it:                 ${command} stop

Its state and its log lie in ${stateDir}.
`)
}

function readAccounts(text: string): string[] {
  const accounts = text.split(',')
  if (!accounts.every((account) => /^\d{12}$/.test(account))) throw new InvalidArgumentError('an account has twelve digits.')
  return accounts
}

function readPositive(text: string): number {
  const number = Number(text)
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('a number above 0 is needed.')
  return number
}
