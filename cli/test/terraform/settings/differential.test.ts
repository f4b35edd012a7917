// Whatever Terraform makes of a .tfvars file, `validate` makes of it too: on the same line. A part of the pairs here,
// all of them with FARGATE_CTL_TEST_ALL=1.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { readConfiguration } from '../../../src/terraform/settings/read-configuration.ts'
import { projectIn, variables } from '../../support/findings.ts'
import { writeProject } from '../../support/project.ts'
import { pairs } from './cases/pairs.ts'

const declared = variables(readFileSync(new URL('cases/variables.tf', import.meta.url), 'utf8'))
const given = 'region = "eu-central-1"\nenv = "dev"\n'
const run = promisify(execFile)

/** The lines of input.auto.tfvars that Terraform refuses. */
async function askTerraform(folder: string, inputs: string): Promise<number[]> {
  writeFileSync(join(folder, 'variables.tf'), declared)
  writeFileSync(join(folder, 'input.auto.tfvars'), inputs)
  const env = { ...process.env, TF_VAR_image_tag: 'v1' }
  const { stdout } = await run('terraform', ['plan', '-json', '-input=false'], { cwd: folder, env }).catch((error: unknown) => error as { stdout: string })
  const messages = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  return messages.flatMap(({ diagnostic }) => (diagnostic?.severity === 'error' ? [diagnostic.range?.start.line ?? 0] : []))
}

const asked = process.env.FARGATE_CTL_TEST_ALL ? pairs : pairs.filter((_pair, index) => index % 23 === 0)
t.ok(pairs.length >= 200, 'there are enough pairs')

for (const pair of asked) {
  t.test(JSON.stringify(pair), async (t) => {
    const inputs = given + pair
    const theirs = await askTerraform(mkdtempSync(join(t.testdir({}), 'plan-')), inputs)
    const root = writeProject(mkdtempSync(join(t.testdirName, 'project-')), { 'infrastructure/variables.tf': declared, 'infrastructure/input.auto.tfvars': inputs })
    const { findings } = await readConfiguration(projectIn(root))
    const ours = findings.filter(({ severity }) => severity === 'error').map(({ line }) => line)
    t.equal(ours.length > 0, theirs.length > 0, `Terraform refuses lines ${theirs}, validate ${ours}`)
    t.ok(theirs.length === 0 || theirs.some((line) => ours.includes(line)), `the same line: ${theirs}, ${ours}`)
  })
}
