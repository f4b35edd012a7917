import type { Project } from '../project.ts'
import { checkRegion, checkRepositoryName } from './aws-rules.ts'
import { checkBackend, findBackendBlock, readBackendRegion, type Backend } from './check-backend.ts'
import { checkInputs, type Inputs } from './check-inputs.ts'
import { checkSecrets } from './check-secrets.ts'
import { checkValidations } from './check-validations.ts'
import { checkVersions } from './check-versions.ts'
import type { Placed } from './configuration-file.ts'
import { reportTo, sortFindings, type Finding, type Report } from './findings.ts'
import { isWhollyKnown } from './hcl/values.ts'
import { fileNames, nameInProject, parsedFiles, readFiles, startOf, type ProjectFiles } from './read-files.ts'
import { neededInputs, settingsSchema, type Settings } from './settings.ts'
import { readVariables, type Variable } from './variables.ts'

/**
 * Reads s3.tfbackend, the .tfvars files and the .tf files that declare variables, versions and the backend.
 * @returns every problem there is, and the settings when none of them is an error
 */
export async function readConfiguration(
  project: Project,
): Promise<{ findings: Finding[]; settings: Settings | undefined }> {
  const findings: Finding[] = []
  const report = reportTo(findings)
  const start = (name: string) => startOf(project, name)
  const files = await readFiles(project, findings)
  const terraform = parsedFiles(files.terraform)

  const backend = checkBackend(files.backend.file, terraform, start(fileNames.backend), report)
  const useLockfile = backend.get('use_lockfile')?.value === true
  const requiredVersion = checkVersions(terraform, useLockfile, report)
  const variables = readVariables(terraform, report)
  const inputs = checkAllInputs(files, variables, start, report)
  checkAcrossFiles(backend, inputs, report)
  for (const file of [...parsedFiles([files.backend, ...files.inputs]), ...terraform]) checkSecrets(file, report)
  checkPresence(files, start, report, findings, {
    [fileNames.variables]: variables.size > 0,
    [fileNames.versions]: requiredVersion !== undefined,
    [fileNames.state]: findBackendBlock(terraform) !== undefined,
  })
  if (areVariablesRead(files, variables)) checkNeededVariables(variables, start(fileNames.variables), report)

  const valid = findings.every(({ severity }) => severity !== 'error')
  const settings = valid ? readSettings(backend, inputs, start(fileNames.inputs), report) : undefined
  return {
    findings: sortFindings(
      findings,
      Object.values(fileNames).map((name) => nameInProject(project, name)),
    ),
    settings,
  }
}

/** Says nothing about unknown or missing variables where a file that may declare them could not be read. */
function checkAllInputs(
  files: ProjectFiles,
  variables: Map<string, Variable>,
  start: (name: string) => Placed['at'],
  report: Report,
): Inputs {
  if (!areVariablesRead(files, variables)) return new Map()
  const inputsRead = files.inputs.every(({ file }) => file !== undefined)
  const inputs = checkInputs(parsedFiles(files.inputs), variables, start(fileNames.inputs), inputsRead, report)
  checkValidations(variables, inputs, report)
  return inputs
}

/** Whether all variables are known, also those in other files than variables.tf. */
function areVariablesRead({ terraform }: ProjectFiles, variables: Map<string, Variable>): boolean {
  const declares = terraform.filter(({ name }) => name !== fileNames.versions && name !== fileNames.state)
  return declares.every(({ file, missing }) => file?.valid ?? (missing && variables.size > 0))
}

/** A missing .tf file is no problem when another one holds what it is for. */
function checkPresence(
  { backend, inputs, terraform }: ProjectFiles,
  start: (name: string) => Placed['at'],
  report: Report,
  findings: Finding[],
  present: Record<string, boolean>,
): void {
  const all = [backend, ...inputs, ...terraform]
  findings.push(
    ...all.filter(({ name, missing }) => !(missing && present[name])).flatMap(({ problem }) => problem ?? []),
  )
  const isRead = (name: string) => all.find((each) => each.name === name)?.file?.valid === true
  if (!present[fileNames.state] && isRead(fileNames.state)) {
    const message = 'There is no backend "s3" block, so the state would stay on this machine.'
    report('backend/missing-block', start(fileNames.state), message, 'Add a terraform block with: backend "s3" {}')
  }
  if (!present[fileNames.versions] && isRead(fileNames.versions)) {
    const message = 'There is no required_version: any Terraform would be taken.'
    report('versions/missing', start(fileNames.versions), message, 'Add required_version = ">= 1.11".', 'warning')
  }
}

function checkNeededVariables(variables: Map<string, Variable>, at: Placed['at'], report: Report): void {
  for (const name of neededInputs.filter((each) => !variables.has(each))) {
    report(
      'variables/missing',
      at,
      `There is no variable "${name}", which fargate-ctl reads.`,
      `Add variable "${name}" to variables.tf.`,
    )
  }
}

/** What the two files say about each other. */
function checkAcrossFiles(backend: Backend, inputs: Inputs, report: Report): void {
  const key = backend.get('key')
  const env = inputs.get('env')?.value
  if (typeof key?.value === 'string' && typeof env === 'string' && /^[\w-]+$/.test(env) && !words(key.value).includes(words(env))) {
    const message = `The key does not name the environment "${env}": another one could overwrite this state.`
    report(
      'backend/env-not-in-key',
      key.at,
      message,
      `Put ${env} into the key, such as "webapp/${env}/terraform.tfstate".`,
      'warning',
    )
  }
  const repository = inputs.get('repository_name')
  const refused = typeof repository?.value === 'string' ? checkRepositoryName(repository.value) : undefined
  if (repository && refused) report('inputs/repository-name', repository.at, refused.message, refused.fix, refused.severity)
  const region = inputs.get('region')
  if (typeof region?.value !== 'string') return
  const verdict = checkRegion(region.value)
  if (verdict) report('inputs/region', region.at, verdict.message, verdict.fix, verdict.severity)
  const backendRegion = backend.get('region')
  if (typeof backendRegion?.value === 'string' && backendRegion.value !== region.value) {
    const message = `The state is in ${backendRegion.value}, everything else in ${region.value}.`
    report(
      'backend/other-region',
      backendRegion.at,
      message,
      'If this is not meant, make both regions the same.',
      'warning',
    )
  }
}

/** /webapp/dev/terraform/tfstate/ for webapp-dev/terraform.tfstate: a text's words, each between slashes. */
function words(text: string): string {
  return `/${text.replaceAll(/[^A-Za-z0-9]+/g, '/')}/`
}

/** Undefined, and reported, when a value that is needed can only be told by Terraform. */
function readSettings(backend: Backend, inputs: Inputs, at: Placed['at'], report: Report): Settings | undefined {
  const known = (map: Map<string, Placed>) =>
    Object.fromEntries(
      [...map].filter(([, { value }]) => isWhollyKnown(value)).map(([name, { value }]) => [name, value]),
    )
  const written = known(backend)
  const { data, error } = settingsSchema.safeParse({
    backend: { ...written, region: readBackendRegion(backend), useLockfile: written.use_lockfile === true },
    inputs: known(inputs),
  })
  for (const { path } of error?.issues ?? []) {
    const [where, name = ''] = path.map(String)
    const place = (where === 'backend' ? backend : inputs).get(name)?.at ?? at
    report(
      'settings/unclear',
      place,
      `The value of "${name}" is not clear without Terraform.`,
      'Write the value itself.',
    )
  }
  return data
}
