import { MissingProgramError, run } from '../../platform/run.ts'
import { installHint, readTerraformVersion } from '../../terraform/terraform.ts'
import { fail, ok, warn, type Group, type Verdict } from '../check.ts'

const setUp = (what: string) => `Run \`npm run setup -- --for ${what}\`.`
const pluginHint = 'https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html'

export const programs: Group = {
  name: 'Programs',
  checks: [
    { name: 'node', neededBy: ['build', 'deploy', 'lint', 'rehearse'], look: () => ok(process.version) },
    { name: 'git', neededBy: ['build', 'deploy'], look: () => lookFor('git', ['--version'], (said) => warn(said, 'Install git: without it no image names its commit.')) },
    { name: 'terraform', neededBy: ['deploy', 'validate', 'rehearse'], look: lookForTerraform },
    { name: 'python3', neededBy: ['rehearse'], look: () => lookFor('python3', ['--version'], (said) => warn(said, 'Install Python 3.10 or newer, to rehearse.')) },
    ...['tflint', 'tfsec'].map((name) => ({
      name,
      neededBy: ['lint'],
      look: () => lookFor(name, ['--version'], (said) => warn(said, setUp('lint'))),
    })),
    {
      name: 'session-manager-plugin',
      neededBy: ['exec'],
      look: () => lookFor('session-manager-plugin', ['--version'], (said) => warn(said, `Install it, to open a shell in a task: ${pluginHint}`)),
    },
  ],
}

async function lookForTerraform(): Promise<Verdict> {
  try {
    return ok(await readTerraformVersion())
  } catch (error) {
    if (error instanceof MissingProgramError) return fail(error.message, installHint)
    throw error
  }
}

/** @param otherwise the verdict where it is not there, or does not answer */
async function lookFor(program: string, args: string[], otherwise: (said: string) => Verdict): Promise<Verdict> {
  try {
    const { stdout, stderr, exitCode } = await run(program, args, { accept: 'any', timeoutSeconds: 20 })
    const [line = ''] = (stdout.trim() || stderr.trim()).split('\n')
    return exitCode === 0 ? ok(line) : otherwise(`it ended with exit code ${exitCode}: ${line}`)
  } catch (error) {
    if (error instanceof MissingProgramError) return otherwise('not installed')
    throw error
  }
}
