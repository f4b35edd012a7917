import { basename, join, relative } from 'node:path'
import { typedPath } from '../platform/project.ts'

export const installHint = 'Install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install), or run `npm run setup`.'

/** The program that runs: `terraform`, `tofu` or a path, as --terraform or FARGATE_CTL_TERRAFORM say. */
export const terraformProgram = () => process.env.FARGATE_CTL_TERRAFORM || 'terraform'

/** Whether that is OpenTofu, which reads .tofu files too. */
export const isOpenTofu = () => basename(terraformProgram()).startsWith('tofu')

/** https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_data_dir */
export function dataFolder(folder: string, env: Record<string, string>): string {
  return env.TF_DATA_DIR ?? process.env.TF_DATA_DIR ?? join(folder, '.terraform')
}

/** How terraform is called by hand, in the folder where the command runs, for the same state. */
export function typedTerraform({ folder, env }: { folder: string; env: Record<string, string> }): string {
  const data = env.TF_DATA_DIR ? [`TF_DATA_DIR=${relative(folder, env.TF_DATA_DIR)}`] : []
  return [...data, terraformProgram(), `-chdir=${typedPath(folder)}`].join(' ')
}
