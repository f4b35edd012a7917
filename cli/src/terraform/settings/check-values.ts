import type { Project } from '../../platform/project.ts'
import { checkBucketName, checkRepositoryName, checkStateKey } from './aws-rules.ts'
import type { BackendBlock } from './evaluate-backend.ts'
import { findDeclarations } from './evaluate-inputs.ts'
import { startOf, type ConfigurationFile, type ProjectFiles } from './read-files.ts'
import type { At, Report } from './source.ts'

type Values = Record<string, unknown>

/** What Terraform accepts of the backend, and S3 or a second run at the same time do not. */
export function checkBackendValues(project: Project, files: ProjectFiles, block: BackendBlock | undefined, backend: Values, report: Report): void {
  const at = (name: string) => backendPlace(project, files, block, name)
  for (const [name, check] of [['bucket', checkBucketName], ['key', checkStateKey]] as const) {
    const value = backend[name]
    const verdict = typeof value === 'string' ? check(value) : undefined
    if (verdict) report(`backend/${name}`, at(name), verdict.message, verdict.fix)
  }
  if ((backend.use_lockfile === null || backend.use_lockfile === false) && backend.dynamodb_table === null) {
    report('backend/no-locking', at('use_lockfile'), 'The state is not locked: two runs at a time can destroy it.', 'Set use_lockfile = true.', 'warning')
  }
  if (backend.encrypt === null || backend.encrypt === false) {
    report('backend/no-encryption', at('encrypt'), 'The state is written without asking for encryption.', 'Set encrypt = true.', 'warning')
  }
  for (const file of [files.backend, block && { ...block.file, items: block.item.items }]) {
    for (const { valueStart, name, text } of file?.items ?? []) {
      if (!['access_key', 'secret_key', 'token'].includes(name) || text === '') continue
      const fix = 'Remove it; let the AWS SDK find credentials (a profile, SSO, or OIDC in CI).'
      if (file) report('backend/credentials', { source: file.source, offset: valueStart }, `"${name}" puts credentials into a file.`, fix, 'warning')
    }
  }
}

/** What the files say about each other. */
export function checkAcrossFiles(project: Project, files: ProjectFiles, backend: Values | undefined, inputs: Values, report: Report): void {
  const { region, env, repository_name: repository } = inputs
  if (project.environment !== undefined && env !== project.environment && inputPlace(project, files, 'env').source.file !== startOf(project, project.inputFile).source.file) {
    const message = `This environment does not set env, which is therefore ${JSON.stringify(env)}: resources would have the names of another one.`
    report('inputs/env-not-set', startOf(project, project.inputFile), message, `Add env = "${project.environment}".`)
  }
  const repositoryVerdict = typeof repository === 'string' ? checkRepositoryName(repository) : undefined
  if (repositoryVerdict) report('inputs/repository-name', inputPlace(project, files, 'repository_name'), repositoryVerdict.message, repositoryVerdict.fix)
  if (!backend) return
  const at = (name: string) => backendPlace(project, files, undefined, name)
  if (typeof backend.key === 'string' && typeof env === 'string' && /^[\w-]+$/.test(env) && !words(backend.key).includes(words(env))) {
    const message = `The key does not name the environment "${env}": another one could overwrite this state.`
    report('backend/env-not-in-key', at('key'), message, `Put ${env} into the key, such as "webapp/${env}/terraform.tfstate".`, 'warning')
  }
  if (typeof backend.region === 'string' && typeof region === 'string' && backend.region !== region) {
    const source = typeof backend.regionFrom === 'string' ? ` (${backend.regionFrom})` : ''
    const message = `The state is in ${backend.region}${source}, everything else in ${region}.`
    report('backend/other-region', at('region'), message, 'If this is not meant, make both regions the same.', 'warning')
  }
}

/** /webapp/dev/terraform/tfstate/ for webapp-dev/terraform.tfstate: a text's words, each between slashes. */
function words(text: string): string {
  return `/${text.replaceAll(/[^A-Za-z0-9]+/g, '/')}/`
}

function placeIn(file: ConfigurationFile | undefined, name: string): At | undefined {
  const item = file?.items.findLast((each) => each.name === name)
  return file && item ? { source: file.source, offset: item.valueStart } : undefined
}

function backendPlace(project: Project, { backend }: ProjectFiles, block: BackendBlock | undefined, name: string): At {
  const inBlock = block && { ...block.file, items: block.item.items }
  return placeIn(backend, name) ?? placeIn(inBlock, name) ?? startOf(project, project.backendFile)
}

/** Where a variable has its value: in the last file that gives it one, or in its declaration. */
function inputPlace(project: Project, { inputs, terraform }: ProjectFiles, name: string): At {
  const given = inputs.map((file) => placeIn(file, name)).findLast((at) => at !== undefined)
  const declared = findDeclarations(terraform).findLast((each) => each.name === name)
  return given ?? (declared ? { source: declared.draft.source, offset: declared.item.start } : startOf(project, project.inputFile))
}
