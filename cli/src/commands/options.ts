import { InvalidArgumentError, Option, type Command } from 'commander'
import { isOnPath } from '../platform/on-path.ts'

/** `--engine`, also FARGATE_CTL_ENGINE. */
export function engineOption(): Option {
  return new Option('--engine <engine>', 'container engine; none: in a rehearsal only')
    .choices(['docker', 'podman', 'finch', 'none'])
    .default(installedEngine(), 'docker; podman or finch where only that is installed')
    .env('FARGATE_CTL_ENGINE')
}

const installedEngine = () => ['docker', 'podman', 'finch'].find(isOnPath) ?? 'docker'

/** `--context` and `--dockerfile`, for an app that lies elsewhere than in application/. */
export function addSourceOptions(command: Command): Command {
  return command
    .option('--context <dir>', 'the folder that is sent to the builder (default: application/)')
    .option('--dockerfile <file>', 'the Dockerfile (default: the one in the context)')
}

/** What ECR's scan of the image may find. */
export function addScanOptions(command: Command): Command {
  return command
    .addOption(new Option('--max-severity <rating>', "wait for ECR's scan; refuse an image with graver vulnerabilities (default: nobody asks)").choices(['critical', 'high', 'medium', 'low', 'none']))
    .option('--scan-timeout <seconds>', 'how long to wait for that scan', readSeconds, 300)
}

/** What whoever changes what runs can choose. */
export function addRolloutOptions(command: Command): Command {
  command
    .option('--plan-only', 'show the outline of what `plan` shows and stop', false)
    .option('--auto-approve', 'do not ask; needed without a terminal', false)
    .option('--allow-known-bad', 'even a version that ECS has rolled back', false)
    .option('--lock-wait <seconds>', 'wait so long for a state that somebody else has locked (default: not at all)', readSeconds)
  return addWatchOptions(command)
}

/** `--hold`, for those that bring a new version. */
export function holdOption(): Option {
  return new Option('--hold', 'let ECS wait for `continue` or `rollback` once the new tasks are healthy; after 24 hours it rolls back').default(false)
}

/** What whoever watches a deployment can choose. */
export function addWatchOptions(command: Command): Command {
  return command
    .option('--timeout <seconds>', 'how long to wait for the proof that it serves', readSeconds, 600)
    .addOption(new Option('--bake <seconds>', 'how long to watch on for a crash once it serves; 0: not at all').env('FARGATE_CTL_BAKE').argParser(readBake).default(30))
    .option('--keep-trying', 'leave it to ECS when to give up; else the second task that ends of the same cause ends the deployment', false)
}

export function readSeconds(text: string): number {
  const seconds = Number(text)
  if (!Number.isFinite(seconds) || seconds <= 0) throw new InvalidArgumentError('a number of seconds above 0 is needed.')
  return seconds
}

const readBake = (text: string) => (Number(text) === 0 ? 0 : readSeconds(text))

export function readCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number above 0 is needed.')
  return Number(text)
}

/**
 * A tag as registries allow it (https://github.com/opencontainers/distribution-spec, Pulling manifests), that is not
 * `latest`.
 */
export function readTag(text: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(text)) {
    throw new InvalidArgumentError('A tag has 1 to 128 letters, digits and _ . - and begins with none of . and -')
  }
  if (text.toLowerCase() === 'latest') {
    throw new InvalidArgumentError('A tag names one image for good, and latest does not: name a version, or leave --tag out.')
  }
  return text
}

/** The platforms that Fargate runs; `arm64` is short for `linux/arm64`. */
export function readPlatform(text: string): string {
  const platform = text.includes('/') ? text : `linux/${text}`
  if (['linux/amd64', 'linux/arm64'].includes(platform)) return platform
  throw new InvalidArgumentError('Fargate runs linux/amd64 and linux/arm64.')
}

/** An ECR repository: its address tells its account and region, too. */
export type RepositoryFlag = { name: string; region?: string; account?: string }

/** An ECR repository's name (https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html), or its address. */
export function readRepository(text: string): RepositoryFlag {
  const [, account, region, name] = /^(\d{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.[^/]+\/([^:@]+)$/.exec(text) ?? []
  return account && region && name ? { account, region, name: checkName(name) } : { name: checkName(text) }
}

function checkName(text: string): string {
  if (text.length >= 2 && text.length <= 256 && /^[a-z0-9]+(?:[._/-][a-z0-9]+)*$/.test(text)) return text
  throw new InvalidArgumentError('A repository has a name of 2 to 256 small letters, digits and . _ - /')
}

/** The id of a task, or how it begins; an ARN ends with it. */
export function readTask(text: string): string {
  const id = text.split('/').at(-1) ?? ''
  if (/^[0-9a-f]+$/.test(id)) return id
  throw new InvalidArgumentError("a task's id is made of the digits 0 to 9 and a to f.")
}

/** A program and its arguments, separated by spaces; what is between quotes is one word. */
export function readCommand(text: string): string[] {
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)].map(([whole, double, single]) => double ?? single ?? whole)
  if (words.length > 0) return words
  throw new InvalidArgumentError('a program is needed, such as "node migrate.js".')
}
