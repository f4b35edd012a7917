import type { Finding } from '../../findings/finding.ts'
import { findNearest } from '../../platform/nearest.ts'
import type { Project } from '../../platform/project.ts'
import { checkContract } from './check-contract.ts'
import { checkAcrossFiles, checkBackendValues } from './check-values.ts'
import { checkSecrets } from './check-secrets.ts'
import { evaluateBackend, findBackendBlock } from './evaluate-backend.ts'
import { evaluateInputs, findDeclarations } from './evaluate-inputs.ts'
import { readFiles, startOf, type ConfigurationFile, type ProjectFiles } from './read-files.ts'
import { settingsSchema, type Settings } from './settings.ts'
import { reportTo, type Report } from './source.ts'

export type Configuration = { findings: Finding[]; settings: Settings | undefined }

/**
 * Reads what Terraform reads in infrastructure/, and lets it evaluate the variables and the S3 backend.
 * @returns every problem there is, and the settings when none of them is an error
 * @throws CliError when there is no terraform, or it says nothing that can be understood
 */
export async function readConfiguration(project: Project): Promise<Configuration> {
  const findings: Finding[] = []
  const report = reportTo(findings)
  const files = await readFiles(project, findings)
  const block = findBackendBlock(files.terraform)
  checkPresence(project, files, block !== undefined, findings, report)
  const isComplete = findings.length === 0
  const declared = new Set(findDeclarations(files.terraform).map(({ name }) => name))
  if (isComplete) checkContract(project, files, declared, report)
  for (const file of [files.backend, ...files.inputs, ...files.terraform]) if (file) checkSecrets(file, report)
  const [evaluated, backend] = await Promise.all([
    isComplete ? evaluateInputs(project, files, report, (inputFiles) => checkNames(inputFiles, declared, report)) : undefined,
    block && evaluateBackend(project, files, block, report),
  ])
  if (backend) checkBackendValues(project, files, block, backend, report)
  if (evaluated) checkAcrossFiles(project, files, backend, evaluated.inputs, report)
  const hasErrors = findings.some(({ severity }) => severity === 'error')
  return { findings: sortFindings(project, findings), settings: hasErrors ? undefined : readSettings(project, { backend, ...evaluated }, report) }
}

/** What has to be there, in whichever file. */
function checkPresence(project: Project, files: ProjectFiles, hasBackend: boolean, findings: Finding[], report: Report): void {
  const start = (name: string) => startOf(project, name)
  const isUnread = (name: string) => findings.some(({ file }) => file === start(name).source.file)
  if (!files.backend && !isUnread(project.backendFile)) {
    const { file } = start(project.backendFile).source
    report('file/missing', start(project.backendFile), 'The file is missing.', `Create ${file}, or take it back from git.`)
  }
  if (findings.some(({ file }) => /\.(tf|tofu)(\.json)?$/.test(file))) return
  if (!hasBackend) {
    const message = 'There is no backend "s3" block, so the state would stay on this machine.'
    report('backend/missing-block', start('state.tf'), message, 'Add a terraform block with: backend "s3" {}')
  }
  const terraform = files.terraform.flatMap(({ items }) => items.filter(({ name }) => name === 'terraform'))
  if (!terraform.some(({ items }) => items.some(({ name }) => name === 'required_version'))) {
    report('versions/missing', start('versions.tf'), 'There is no required_version: any Terraform would be taken.', 'Add required_version = ">= 1.11".', 'warning')
  }
}

/** Names that Terraform only warns of, without their place. */
function checkNames(inputs: ConfigurationFile[], declared: Set<string>, report: Report): void {
  for (const { source, items } of inputs) {
    for (const { name, start, labels } of items) {
      if (name === 'image_tag') {
        const message = 'image_tag is set in a file; Terraform prefers that to the tag that deploy passes in TF_VAR_image_tag.'
        report('inputs/image-tag', { source, offset: start }, message, 'Remove it: deploy chooses the tag.', 'warning')
      }
      if (declared.size === 0 || declared.has(name) || labels.length > 0) continue
      const nearest = findNearest(name, [...declared])
      const fix = nearest ? `Did you mean "${nearest}"?` : `Remove it, or add variable "${name}" to variables.tf.`
      report('inputs/unknown-key', { source, offset: start }, `There is no variable "${name}".`, fix)
    }
  }
}

/** Undefined, and reported, when a value that is needed is not there. */
function readSettings(project: Project, read: object, report: Report): Settings | undefined {
  const { data, error } = settingsSchema.safeParse(read)
  for (const { path } of error?.issues ?? []) {
    const name = path.slice(1).join('.')
    const at = startOf(project, path[0] === 'backend' ? project.backendFile : project.inputFile)
    report('settings/unclear', at, `"${name || String(path[0])}" has no value that fargate-ctl can work with.`, 'Write the value itself.')
  }
  return data
}

/** Each finding once, by file, line and column. */
function sortFindings(project: Project, findings: Finding[]): Finding[] {
  const order = [project.backendFile, project.inputFile, 'variables.tf', 'versions.tf', 'state.tf'].map((name) => startOf(project, name).source.file)
  const rank = ({ file }: Finding) => (order.includes(file) ? order.indexOf(file) : order.length)
  const unique = new Map(findings.map((finding) => [JSON.stringify(finding), finding]))
  return [...unique.values()].sort(
    (a, b) => rank(a) - rank(b) || a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  )
}
