import { existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { CliError } from './errors.ts'
import { findNearest } from './nearest.ts'

type Folders = {
  root: string
  application: string
  infrastructure: string
  /** Git-ignored: installed tools and the rehearsal's state. */
  scratch: string
}

/** The folders and files a project is made of, as absolute paths. */
export type Project = Folders & {
  /** The environment that --env names; undefined: the one that infrastructure/ itself describes. */
  environment: string | undefined
  /** Where the state lies. */
  backendFile: string
  /** What is set; of an environment it goes over what Terraform loads by itself. */
  inputFile: string
}

type Wanted = {
  /** False for a command that does without Terraform. */
  infrastructure?: boolean
}

/**
 * Finds the project around `from`: the nearest folder, upwards, that holds infrastructure/, or application/ where
 * FARGATE_CTL_INFRASTRUCTURE says that infrastructure lies elsewhere. Its installed tools come first on the PATH.
 * @throws CliError `usage` when there is none, or not the environment that FARGATE_CTL_ENV names
 */
export function findProject(from: string = process.cwd(), { infrastructure: isNeeded = true }: Wanted = {}): Project {
  const start = resolve(from)
  const given = givenInfrastructure()
  const root = findUpwards(start, given || !isNeeded ? ['application', 'infrastructure'] : ['infrastructure']) ?? (given ? start : undefined)
  if (root === undefined) {
    throw new CliError('usage', `No ${isNeeded ? 'infrastructure' : 'application'}/ folder in ${start} or above it.`, {
      fix: `Run fargate-ctl inside the project, or name its folder with --chdir${isNeeded ? '; --infrastructure names a folder with Terraform that lies elsewhere' : ''}.`,
    })
  }
  const folders = {
    root,
    application: join(root, 'application'),
    infrastructure: given ?? join(root, 'infrastructure'),
    scratch: process.env.FARGATE_CTL_SCRATCH ?? join(root, '.fargate-ctl'),
  }
  useInstalledTools(folders)
  return inEnvironment(folders, isNeeded ? process.env.FARGATE_CTL_ENV || undefined : undefined)
}

/** @throws CliError `usage` where it is no folder */
function givenInfrastructure(): string | undefined {
  const { FARGATE_CTL_INFRASTRUCTURE: given } = process.env
  if (!given) return undefined
  const folder = resolve(given)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder
  throw new CliError('usage', `--infrastructure ${typedPath(folder)}: there is no such folder.`, {
    fix: 'Name the folder that holds the Terraform files; a relative path counts from where the command runs.',
  })
}

/** The nearest folder that holds one of these. */
function findUpwards(start: string, names: string[]): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (names.some((name) => existsSync(join(folder, name)))) return folder
    if (folder === dirname(folder)) return undefined
  }
}

/**
 * The project as one of its environments sees it.
 * @param environment a folder of infrastructure/environments/; undefined: what infrastructure/ itself describes
 * @throws CliError `usage` when there is no such environment
 */
export function inEnvironment(project: Folders, environment: string | undefined): Project {
  const { infrastructure } = project
  const folder = environment === undefined ? infrastructure : join(infrastructure, 'environments', environment)
  const [backend, inputs] = filesOf(environment)
  const found = { ...project, environment, backendFile: join(folder, backend), inputFile: join(folder, inputs) }
  if (environment === undefined) return found
  const names = listEnvironments(project)
  if (!names.includes(environment)) throw unknownEnvironment(environment, names)
  return found
}

/** The environments that infrastructure/environments/ holds: a folder each. */
export function listEnvironments({ infrastructure }: Folders): string[] {
  const folder = join(infrastructure, 'environments')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory()).map(({ name }) => name).sort()
}

const filesOf = (environment: string | undefined) => ['s3.tfbackend', environment === undefined ? 'input.auto.tfvars' : 'input.tfvars'] as const

function unknownEnvironment(environment: string, names: string[]): CliError {
  const nearest = findNearest(environment, names)
  const known = names.length > 0 ? `There are: ${names.join(', ')}.` : 'infrastructure/environments/ holds none.'
  return new CliError('usage', `There is no environment ${environment}. ${known}`, {
    fix: nearest ? `Did you mean --env ${nearest}?` : `Name one of them, or make infrastructure/environments/${environment}/ with s3.tfbackend and input.tfvars.`,
  })
}

/** What the file with the settings of the chosen environment is called in a message. */
export function settingsFile(kind: 'backend' | 'inputs'): string {
  const { FARGATE_CTL_ENV: environment, FARGATE_CTL_INFRASTRUCTURE: folder } = process.env
  const [backend, inputs] = filesOf(environment || undefined)
  return [folder ? typedPath(folder) : 'infrastructure', ...(environment ? ['environments', environment] : []), kind === 'backend' ? backend : inputs].join('/')
}

/** A path as it is typed in the folder where the command runs. */
export const typedPath = (path: string): string => relative(process.cwd(), path) || '.'

/** What `npm run setup` installed is found before the machine's own programs: the versions it reports are the versions that run. */
function useInstalledTools({ root, scratch }: Folders): void {
  const folders = [join(root, 'node_modules', '.bin'), join(scratch, 'tools', 'bin'), join(scratch, 'tools', 'linters', 'bin')]
  process.env.PATH = [...folders, process.env.PATH].filter(Boolean).join(delimiter)
}
