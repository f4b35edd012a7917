// @ts-check
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { capture } from '../programs.mjs'
import { stamp } from '../stamps.mjs'
import { awsProvider } from '../versions.mjs'

/** @type {import('../programs.mjs').Step} */
export const provider = {
  name: 'AWS provider',
  howTo: `reach registry.terraform.io, or name a filesystem mirror with hashicorp/aws ${awsProvider} in the file that TF_CLI_CONFIG_FILE names`,
  async find({ root, scratch, checkOnly }) {
    const remembered = join(scratch, 'provider-mirror')
    const mirror = await readFile(remembered, 'utf8').catch(() => '')
    if (mirror && existsSync(mirror)) return `from the mirror ${mirror}`
    const script = join(root, 'cli', 'setup', 'find-provider.ts')
    const found = await capture(join(root, 'node_modules', '.bin', 'node'), [script])
    if (found === 'registry') return 'from the Terraform registry'
    if (!found) return undefined
    if (!checkOnly) await stamp(remembered, found)
    return `from the mirror ${found}, because the Terraform registry is out of reach`
  },
}
