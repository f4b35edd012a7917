import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CliError } from '../platform/errors.ts'
import { inEnvironment, typedPath, type Project } from '../platform/project.ts'
import { ask } from '../platform/terminal/ask.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { validate } from '../terraform/settings/validate.ts'

export type InitFlags = {
  region?: string
  stateBucket?: string
  name?: string
  repository?: string
  /** The only account that may be deployed to. */
  account?: string
  githubEnvironment?: string
  force: boolean
}

/** What `init --json` prints. */
export type InitResult = { written: string[] }

type Answers = { region: string; stateBucket: string; name: string; repository: string }

/** What this project comes with, which nobody has written. */
const shipped = new Set(['bucket       = "webapp-terraform-state"\nkey          = "webapp/dev/terraform.tfstate"\nregion       = "us-east-1"\nencrypt      = true\nuse_lockfile = true\n', 'region = "us-east-1"\nenv    = "dev"\n'])
const workflow = join('.github', 'workflows', 'code-deploy.yml')

/**
 * Writes the files of settings, of infrastructure/ itself or of an environment, and checks them.
 * @param project without an environment
 * @param environment the one to make; undefined: infrastructure/ itself
 * @throws CliError `usage` for what nobody can be asked, or files that would be lost
 */
export async function init(project: Project, environment: string | undefined, flags: InitFlags, terminal: Terminal): Promise<InitResult> {
  requireName(environment)
  const answers = await complete(flags, terminal)
  const folder = environment === undefined ? project.infrastructure : join(project.infrastructure, 'environments', environment)
  const texts = new Map([
    [join(folder, 's3.tfbackend'), formatBackend(answers, environment ?? 'dev')],
    [join(folder, environment === undefined ? 'input.auto.tfvars' : 'input.tfvars'), formatInputs(answers, environment ?? 'dev', flags.account)],
  ])
  const changed = await readWorkflow(project, flags.githubEnvironment)
  if (!flags.force) await refuseOthers([...texts.keys()])
  await mkdir(folder, { recursive: true })
  for (const [file, text] of [...texts, ...changed]) await writeFile(file, text)
  const written = [...texts.keys(), ...changed.keys()].map(typedPath)
  for (const file of written) terminal.note(`  written: ${file}`)
  await validate({ ...terminal, print: (text) => terminal.note(text), printJson: () => {} }, inEnvironment(project, environment))
  return { written }
}

function requireName(environment: string | undefined): void {
  if (environment === undefined || /^[a-z][a-z0-9]{0,7}$/.test(environment)) return
  throw new CliError('usage', `--env ${environment}: an environment has a name of at most 8 small letters and digits.`)
}

/** What is missing is asked for on a terminal, and only there. @throws CliError `usage` */
async function complete(flags: InitFlags, terminal: Terminal): Promise<Answers> {
  const mayAsk = process.stdin.isTTY && process.stderr.isTTY
  const region = flags.region ?? process.env.AWS_REGION
  const missing = [...(region ? [] : ['--region']), ...(flags.stateBucket ? [] : ['--state-bucket'])]
  if (missing.length > 0 && !mayAsk) throw new CliError('usage', 'There is no terminal to ask what is not given.', { fix: `Add ${missing.join(' and ')}.` })
  const answer = async (given: string | undefined, question: string, otherwise: string) => given ?? (((mayAsk && (await ask(`${terminal.colors.bold(question)} (${otherwise}): `))) || otherwise))
  const name = await answer(flags.name, 'Name of the app', 'webapp')
  return {
    name,
    region: flags.region ?? (await answer(undefined, 'AWS region', region ?? 'us-east-1')),
    stateBucket: await answer(flags.stateBucket, "Bucket for Terraform's state, unique in the whole of AWS", `${name}-terraform-state`),
    repository: await answer(flags.repository, 'ECR repository', name),
  }
}

const formatBackend = ({ stateBucket, name, region }: Answers, env: string) =>
  formatAssignments({ bucket: stateBucket, key: `${name}/${env}/terraform.tfstate`, region, encrypt: true, use_lockfile: true })

/** The defaults of variables.tf are left to it. */
function formatInputs({ region, name, repository }: Answers, env: string, account: string | undefined): string {
  const named = { ...(name === 'webapp' ? {} : { name }), ...(repository === 'webapp' ? {} : { repository_name: repository }) }
  return formatAssignments({ region, env, ...named, ...(account ? { allowed_account_ids: [account] } : {}) })
}

/** As terraform fmt writes them. */
function formatAssignments(values: Record<string, unknown>): string {
  const width = Math.max(...Object.keys(values).map(({ length }) => length))
  return Object.entries(values).map(([name, value]) => `${name.padEnd(width)} = ${JSON.stringify(value)}\n`).join('')
}

async function refuseOthers(files: string[]): Promise<void> {
  const there = await Promise.all(files.map(async (file) => !shipped.has(await readFile(file, 'utf8').catch(() => [...shipped][0] ?? ''))))
  const others = files.filter((_, index) => there[index]).map(typedPath)
  if (others.length === 0) return
  throw new CliError('usage', `${others.join(' and ')} ${others.length === 1 ? 'is' : 'are'} there already; nothing was written.`, { fix: 'Change them by hand, or add --force to write them anew.' })
}

/** The workflow that deploys, in another of GitHub's environments. */
async function readWorkflow({ root }: Project, name: string | undefined): Promise<Map<string, string>> {
  const file = join(root, workflow)
  if (name === undefined || !existsSync(dirname(file))) return new Map()
  const text = await readFile(file, 'utf8').catch(() => '')
  return new Map(text ? [[file, text.replace(/^( +environment:) \S+$/m, `$1 ${name}`)]] : [])
}
