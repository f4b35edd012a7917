import { basename, join } from 'node:path'

export const installHint = 'Install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install), or run `npm run setup`.'

/** The program that runs: `terraform`, `tofu` or a path, as --terraform or FARGATE_CTL_TERRAFORM say. */
export const terraformProgram = () => process.env.FARGATE_CTL_TERRAFORM || 'terraform'

/** Whether that is OpenTofu, which reads .tofu files too. */
export const isOpenTofu = () => basename(terraformProgram()).startsWith('tofu')

/** https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_data_dir */
export function dataFolder(folder: string, env: Record<string, string>): string {
  return env.TF_DATA_DIR ?? process.env.TF_DATA_DIR ?? join(folder, '.terraform')
}
