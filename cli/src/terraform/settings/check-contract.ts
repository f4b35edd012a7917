import type { Project } from '../../platform/project.ts'
import { startOf, type ProjectFiles } from './read-files.ts'
import { inputsSchema } from './settings.ts'
import type { Report } from './source.ts'

/** Outputs without which nothing can be proved; of each line one set is enough. */
const neededOutputs = [
  { sets: [['alb_url']], purpose: 'the address at which the app answers' },
  { sets: [['service_arn'], ['cluster_name', 'service_name']], purpose: 'the ECS service that is watched' },
]

/** The rule of findings that only matter to commands that deploy. */
export const outputsRule = 'outputs/missing'

/**
 * Checks what fargate-ctl needs of any folder with Terraform: the few variables that it reads or sets, and the few outputs
 * that tell it what was made. The README lists them.
 */
export function checkContract(project: Project, { terraform }: ProjectFiles, declared: Set<string>, report: Report): void {
  if (declared.size === 0) {
    report('file/missing', startOf(project, 'variables.tf'), 'No file declares a variable.', 'Create variables.tf, or take it back from git.')
    return
  }
  const needed = Object.entries(inputsSchema.shape).flatMap(([name, schema]) => (schema.safeParse(undefined).success ? [] : [name]))
  for (const name of needed.filter((each) => !declared.has(each))) {
    const message = `There is no variable "${name}", which fargate-ctl reads.`
    report('variables/missing', startOf(project, 'variables.tf'), message, `Add variable "${name}" to variables.tf.`)
  }
  if (!declared.has('image_tag') && !declared.has('image_digest')) {
    const message = 'There is neither a variable "image_digest" nor "image_tag": fargate-ctl could not say which image to run.'
    report('variables/missing', startOf(project, 'variables.tf'), message, 'Add variable "image_digest" to variables.tf, and let the container definition name the image by it.')
  }
  const outputs = new Set(terraform.flatMap(({ items }) => items.filter(({ name }) => name === 'output').flatMap(({ labels, items: inner }) => labels[0] ?? inner.map(({ name }) => name))))
  for (const { sets, purpose } of neededOutputs) {
    if (sets.some((names) => names.every((name) => outputs.has(name)))) continue
    const names = sets.map((set) => set.join(' and ')).join(', or ')
    report(outputsRule, startOf(project, 'outputs.tf'), `There is no output ${names}: ${purpose}.`, `Add output "${sets[0]?.[0]}" to outputs.tf.`, 'warning')
  }
}
