import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Project } from '../../platform/project.ts'
import { askTerraform, showPlannedValues, type Diagnostic, type Variables } from '../terraform.ts'
import { describeDiagnostic } from './describe-diagnostic.ts'
import type { Item } from './items.ts'
import { environmentFile, startOf, type ConfigurationFile, type ProjectFiles } from './read-files.ts'
import { brokenPart, draftOf, itemsAt, takeOut, withScratch, writeDrafts, type Draft } from './scratch.ts'
import { inputsSchema } from './settings.ts'
import type { At, Report } from './source.ts'

const maxRounds = 30
/** What `deploy` passes itself. */
const passedByDeploy = ['image_tag', 'image_digest', 'image_commit']
const outputsFile = 'fargate-ctl-outputs.tf'

/** A `variable` block, or a property of "variable" in a .tf.json file. */
export type Declaration = { name: string; draft: Draft; item: Item }

/**
 * Lets Terraform evaluate the variables in a folder that holds nothing else. Terraform stops at the first kind of
 * mistake, so it is asked again without each value or rule that it has refused, until it has said everything.
 * @param look gets the inputs in each round: what follows a mistake may be seen only when that is taken out
 * @returns the values that fargate-ctl reads, and all variables, but for those that a mistake hides
 */
export function evaluateInputs(project: Project, files: ProjectFiles, report: Report, look: (inputs: ConfigurationFile[]) => void): Promise<Inputs | undefined> {
  return withScratch(project, async (folder) => {
    const configuration = files.terraform.map(draftOf)
    const inputs = files.inputs.map(draftOf)
    const locals = new Set(configuration.flatMap(localNames))
    const varFile = project.environment === undefined ? [] : [`-var-file=${environmentFile}`]
    const evaluation: Evaluation = { project, configuration, inputs, locals, forgotten: new Set(), report }
    for (const name of passedByDeploy) if (!isGiven(name, inputs)) await forget(evaluation, name)
    for (let round = 0; round < maxRounds; round++) {
      look(inputs)
      await keepVariables(configuration)
      await writeDrafts(folder, [...configuration, ...inputs])
      const outputs = await writeOutputs(folder, configuration)
      const diagnostics = await askTerraform(folder, ['plan', '-json', '-input=false', '-lock=false', ...varFile, '-out=settings.tfplan'], environment(evaluation))
      const errors = diagnostics.filter(({ severity }) => severity === 'error')
      if (errors.length === 0) return outputs ? await readInputs(folder, configuration) : undefined
      if (!(await settle(evaluation, errors))) return undefined
    }
    return undefined
  })
}

/** `inputs`: the values that fargate-ctl reads. */
type Inputs = { inputs: Record<string, unknown>; variables: Variables }

type Evaluation = {
  project: Project
  configuration: Draft[]
  inputs: Draft[]
  /** Names of all locals of the configuration. */
  locals: Set<string>
  /** Variables that were taken out, because a value or a declaration was refused. */
  forgotten: Set<string>
  report: Report
}

const isGiven = (name: string, inputs: Draft[]) =>
  process.env[`TF_VAR_${name}`] !== undefined || inputs.some(({ items }) => items.some((item) => item.name === name))

/** The variables of what was taken out would be values for nothing. */
function environment({ forgotten }: Evaluation): Record<string, undefined> {
  return Object.fromEntries([...forgotten].map((name) => [`TF_VAR_${name}`, undefined]))
}

/** Takes out all that is no variable; locals stay where a rule refers to one. */
async function keepVariables(configuration: Draft[]): Promise<void> {
  const needLocals = findDeclarations(configuration).some(({ draft, item }) => /\blocal\./.test(textOf(draft, item)))
  for (const draft of configuration) {
    const others = draft.items.flatMap((item) => {
      if (!item.whole || item.name === 'variable' || (item.name === 'locals' && needLocals)) return []
      return item.name === 'terraform' ? item.items.filter(({ name }) => name !== 'required_version') : [item]
    })
    await takeOut(draft, others)
  }
}

export function findDeclarations<File extends { items: Item[] }>(files: File[]): { name: string; draft: File; item: Item }[] {
  return files.flatMap((draft) =>
    draft.items.filter(({ name }) => name === 'variable').flatMap((item) => {
      const [label] = item.labels
      if (label !== undefined) return [{ name: label, draft, item }]
      return item.items.map((property) => ({ name: property.name, draft, item: property }))
    }),
  )
}

const textOf = ({ text }: Draft, { start, end }: Item) => text.slice(start, end)
const localNames = ({ items }: Draft) => items.filter(({ name }) => name === 'locals').flatMap((block) => block.items.map(({ name }) => name))
const validationsOf = ({ items }: Item) => items.filter(({ name }) => name === 'validation')

async function writeOutputs(folder: string, configuration: Draft[]): Promise<boolean> {
  const declared = new Set(findDeclarations(configuration).map(({ name }) => name))
  const names = Object.keys(inputsSchema.shape).filter((name) => declared.has(name))
  const blocks = names.map((name) => `output "${name}" {\n  value     = var.${name}\n  sensitive = true\n}\n`)
  await writeFile(join(folder, outputsFile), blocks.join('\n'))
  return names.length > 0
}

/** An ephemeral variable's value is to be kept nowhere, and Terraform shows it like any other. */
async function readInputs(folder: string, configuration: Draft[]): Promise<Inputs> {
  const { outputs, variables } = await showPlannedValues(folder, 'settings.tfplan')
  const ephemeral = findDeclarations(configuration).flatMap(({ name, item }) => (item.items.some((each) => each.name === 'ephemeral') ? [name] : []))
  const values = Object.fromEntries(Object.entries(variables.values).filter(([name]) => !ephemeral.includes(name)))
  return { inputs: outputs, variables: { values, sensitive: [...new Set([...variables.sensitive, ...ephemeral])] } }
}

/** Reports what Terraform refused and takes it out. @returns whether anything was taken out */
async function settle(evaluation: Evaluation, errors: Diagnostic[]): Promise<boolean> {
  const before = [...evaluation.configuration, ...evaluation.inputs].map(({ text }) => text)
  const broken = new Set<Draft>()
  for (const error of errors) await settleOne(evaluation, error, broken)
  return [...evaluation.configuration, ...evaluation.inputs].some(({ text }, index) => text !== before[index])
}

async function settleOne(evaluation: Evaluation, error: Diagnostic, broken: Set<Draft>): Promise<void> {
  const { configuration, inputs } = evaluation
  const range = placeOf(error)
  const draft = [...inputs, ...configuration].find(({ source }) => source.name === range?.filename)
  if (!draft || !range) return settleUnplaced(evaluation, error)
  if (broken.has(draft)) return
  const at: At = { source: draft.source, offset: draft.source.offsetOf(range.start) }
  const around = itemsAt(draft, at.offset)
  if (inputs.includes(draft)) {
    const [item] = around
    if (!item?.whole) {
      broken.add(draft)
      return takeOutBroken(evaluation, draft, error, at)
    }
    tell(evaluation, error, at, item.name)
    if (error.summary === 'Invalid value for variable') return takeOutRule(evaluation, error)
    return forget(evaluation, item.name)
  }
  const declaration = findDeclarations([draft]).find(({ item }) => item.start <= at.offset && at.offset < item.end)
  const rule = around.find(({ name }) => name === 'validation')
  if (declaration && rule) {
    if (!isConsequence(evaluation, error)) tellOfRule(evaluation, error, at, declaration.name)
    return takeOut(draft, [rule])
  }
  if (declaration?.item.whole) {
    tell(evaluation, error, valuePlace(evaluation, declaration.name) ?? at, declaration.name)
    return error.summary === 'Invalid value for variable' ? takeOutRule(evaluation, error) : forget(evaluation, declaration.name)
  }
  const inner = around[0]?.whole ? around[1] : undefined
  if (inner) {
    if (!error.summary.startsWith('Reference to undeclared')) tell(evaluation, error, at, inner.name)
    return takeOut(draft, [inner])
  }
  broken.add(draft)
  return takeOutBroken(evaluation, draft, error, at)
}

/** OpenTofu names the declaration where Terraform names the value. */
function valuePlace({ inputs }: Evaluation, name: string): At | undefined {
  return inputs.flatMap(({ source, items }) => items.filter((item) => item.name === name).map(({ valueStart }) => ({ source, offset: valueStart }))).at(-1)
}

/** A sensitive value's place stands in the text only. */
function placeOf({ range, detail }: Diagnostic): Diagnostic['range'] {
  const [, filename, line, column] = /Invalid value defined at ([^:]+):(\d+),(\d+)/.exec(detail) ?? []
  return filename ? { filename, start: { line: Number(line), column: Number(column) } } : range
}

/** What is wrong with a value from the environment or the command line is told at the variable. */
async function settleUnplaced(evaluation: Evaluation, error: Diagnostic): Promise<void> {
  const { project, configuration } = evaluation
  const [, name] = /\bvar\.([\w-]+)|"([\w-]+)"/.exec(`${error.range?.filename ?? ''} ${error.detail}`)?.filter(Boolean) ?? []
  const declaration = findDeclarations(configuration).find((each) => each.name === name)
  if (!declaration) return tell(evaluation, error, startOf(project, project.inputFile), name)
  const { source } = declaration.draft
  tell(evaluation, error, { source, offset: declaration.item.start }, declaration.name, `TF_VAR_${declaration.name} in the environment: `)
  return forget(evaluation, declaration.name)
}

function tell(evaluation: Evaluation, error: Diagnostic, at: At, name: string | undefined, prefix = ''): void {
  const { rule, message, fix } = describeDiagnostic(error, 'inputs', name, at.source.text.slice(at.offset))
  const isMissing = rule === 'inputs/missing-key'
  const inFile = startOf(evaluation.project, evaluation.project.inputFile).source.file
  evaluation.report(rule, at, prefix + (isMissing ? `"${name}" has no default and is not set.` : message), isMissing ? `Add ${name} = … to ${inFile}.` : fix)
}

/** A rule may ask for what only a plan with the providers knows. */
function tellOfRule(evaluation: Evaluation, error: Diagnostic, at: At, name: string): void {
  if (!isOutOfReach(evaluation, error)) return tell(evaluation, error, at, name)
  const message = `Whether "${name}" is valid is not known here: this rule refers to what only a full plan reads.`
  evaluation.report('inputs/unchecked', at, message, 'Nothing to change: `fargate-ctl deploy --plan-only` checks it.', 'info')
}

function isOutOfReach({ locals }: Evaluation, { summary, detail }: Diagnostic): boolean {
  if (/^Reference to undeclared (resource|module)$/.test(summary)) return true
  const [, local = ''] = /local value with the name "([\w-]+)"/.exec(detail) ?? []
  return summary === 'Reference to undeclared local value' && locals.has(local)
}

/** Whether it is wrong only because a variable was taken out. */
function isConsequence({ forgotten }: Evaluation, { summary, detail }: Diagnostic): boolean {
  const [, name = ''] = /input variable with the name "([\w-]+)"/.exec(detail) ?? []
  return summary === 'Reference to undeclared input variable' && forgotten.has(name)
}

/** Takes out the rule that refused a value, so that the others are asked as well. */
async function takeOutRule({ configuration }: Evaluation, { detail }: Diagnostic): Promise<void> {
  const [, file, line, column] = /validation rule at ([^:]+):(\d+),(\d+)/.exec(detail) ?? []
  const draft = configuration.find(({ source }) => source.name === file)
  if (!draft) return
  const offset = draft.source.offsetOf({ line: Number(line), column: Number(column) })
  await takeOut(draft, itemsAt(draft, offset).filter(({ name }) => name === 'validation'))
}

/** Tells of what cannot be parsed, and takes it out with the variables that it is about. */
async function takeOutBroken(evaluation: Evaluation, draft: Draft, error: Diagnostic, at: At): Promise<void> {
  const { message, fix } = describeDiagnostic(error, 'inputs', undefined, at.source.text.slice(at.offset))
  evaluation.report('syntax', at, message, fix)
  const part = brokenPart(draft, at.offset)
  const text = draft.text.slice(part.start, part.end)
  await takeOut(draft, [part])
  const names = [...text.matchAll(/^\s*(?:variable\s+)?"?([\w-]+)"?\s*[={:]/gm)].map(([, name = '']) => name)
  for (const name of names) await forget(evaluation, name)
}

/** Takes out a variable: its declarations, its values, and the rules that ask for it. */
async function forget({ configuration, inputs, forgotten }: Evaluation, name: string): Promise<void> {
  forgotten.add(name)
  for (const draft of inputs) await takeOut(draft, draft.items.filter((item) => item.name === name))
  for (const draft of configuration) {
    const parts = findDeclarations([draft]).flatMap((declared) =>
      declared.name === name && declared.item.whole ? [declared.item] : validationsOf(declared.item).filter((rule) => mentions(textOf(draft, rule), name)),
    )
    await takeOut(draft, parts)
  }
}

const mentions = (text: string, variable: string) => [...text.matchAll(/\bvar\.([\w-]+)/g)].some(([, name]) => name === variable)
