import { readFile } from 'node:fs/promises'
import { unzipSync } from 'fflate'
import { CliError } from '../../platform/errors.ts'
import { stateVersionSchema, type StateVersion } from '../terraform.ts'

/**
 * The state that a plan was made from. `terraform show` does not tell it; terraform itself compares it with the state's,
 * and refuses a plan whose state has moved on (https://github.com/hashicorp/terraform/blob/main/internal/plans/planfile).
 * @throws CliError `unavailable`
 */
export async function readPlannedState(file: string): Promise<StateVersion> {
  try {
    const { tfstate } = unzipSync(await readFile(file), { filter: ({ name }) => name === 'tfstate' })
    if (!tfstate) throw new Error('it holds no state')
    return stateVersionSchema.parse(JSON.parse(Buffer.from(tfstate).toString()))
  } catch (cause) {
    throw new CliError('unavailable', 'The plan file of this Terraform cannot be read, so it cannot be sealed.', {
      fix: 'Deploy without a sealed plan, or use another version of Terraform.',
      cause,
    })
  }
}
