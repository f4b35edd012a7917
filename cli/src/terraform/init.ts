import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFolder } from './program.ts'
import { initTerraform, type Say, type Terraform } from './terraform.ts'

const stampName = 'fargate-ctl-init.json'
/** Variables that change what `init` would do. */
const initVariables = ['TF_CLI_CONFIG_FILE', 'TF_CLI_ARGS', 'TF_CLI_ARGS_init', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_PROFILE']

/** @returns whether init is needed: anything it reads has changed since it last succeeded, or what it made is gone */
export async function needsInit(terraform: Terraform): Promise<boolean> {
  const { folder, env } = terraform
  const data = dataFolder(folder, env)
  try {
    const [stamp, current] = await Promise.all([
      readFile(join(data, stampName), 'utf8'),
      fingerprint(terraform),
      readFile(join(data, 'terraform.tfstate')),
      readFile(join(data, 'modules', 'modules.json')),
      readdir(join(data, 'providers')),
    ])
    return stamp !== current
  } catch {
    return true
  }
}

/** Runs `terraform init` and remembers with what; where that cannot be written, the next run does it again. */
export async function init(terraform: Terraform, say: Say): Promise<void> {
  await initTerraform(terraform, say)
  const stamp = await fingerprint(terraform)
  await writeFile(join(dataFolder(terraform.folder, terraform.env), stampName), stamp).catch(() => undefined)
}

async function fingerprint({ folder, env, backendFile }: Terraform): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.tf') || name.endsWith('.tf.json')).sort()
  const hash = createHash('sha256')
  for (const name of [...names, '.terraform.lock.hcl', backendFile]) {
    hash.update(`\0${name}\0`).update(await readFile(join(folder, name)).catch(() => ''))
  }
  for (const name of initVariables) hash.update(`\0${name}=${env[name] ?? process.env[name] ?? ''}`)
  return JSON.stringify({ sha256: hash.digest('hex') })
}
