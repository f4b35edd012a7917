// Projects of other people, as they are, on `embedded-aws start`: apply, empty plan, destroy. FARGATE_CTL_MODULES names
// the folder that holds their checkouts, beside those of the modules that they use.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../src/platform/run.ts'
import { readEnvironment, removeEmbeddedAws, startEmbeddedAws } from '../../src/rehearsal/embedded-aws.ts'
import { unpackCheckout, withoutCheckout, withoutCheckouts } from '../support/checkouts.ts'
import { root } from '../support/cli.ts'
import { lacking } from '../support/needs.ts'
import { prepareTerraform } from '../support/terraform-config.ts'

const blueprints = 'terraform/fargate-examples'
const projects = [
  { name: 'terraform-aws-ecs', tree: 'v5.12.1', folders: ['examples/fargate'] },
  { name: 'terraform-aws-ecs', tree: 'v5.12.1', folders: ['examples/complete'] },
  // The second needs what the first has made.
  { name: 'ecs-blueprints', tree: `HEAD:${blueprints}`, folders: ['core-infra', 'lb-service'] },
  { name: 'terraform-ecs-fargate', tree: 'HEAD', folders: ['terraform'] },
]

const scratch = mkdtempSync(join(tmpdir(), 'fargate-ctl-projects-'))
const stateDir = join(scratch, 'embedded-aws')
const skip = withoutCheckouts || lacking('engine', 'embedded AWS', 'time')

t.test('projects of other people', { skip, timeout: 1_800_000 }, async (t) => {
  t.jobs = 2
  const python = process.env.EMBEDDED_AWS_PYTHON ?? ''
  await startEmbeddedAws({ stateDir, python, region: 'us-east-1', speed: 10, engine: 'docker', accounts: [], account: undefined, domainName: undefined }, (line) => t.comment(line))
  const { file, stop } = await prepareTerraform(scratch)
  t.teardown(async () => {
    await stop()
    await removeEmbeddedAws(stateDir, (line) => t.comment(line))
    rmSync(scratch, { recursive: true, force: true })
  })
  for (const { name, tree, folders } of projects) {
    t.test([name, ...folders].join(' '), { buffered: true, skip: withoutCheckout(name), timeout: 1_800_000 }, async (t) => {
      const source = join(scratch, name, folders.join('-'))
      unpackCheckout(name, tree, source)
      const roots = folders.map((folder) => terraformIn(join(source, folder), file))
      for (const [index, terraform] of roots.entries()) {
        await terraform('init')
        t.match(await terraform('apply', '-auto-approve'), /Apply complete! Resources: [1-9]\d* added, 0 changed, 0 destroyed\./)
        t.match(await terraform('plan', '-detailed-exitcode'), /No changes\./, `${folders[index]}: a plan after it is empty`)
      }
      for (const terraform of roots.toReversed()) t.match(await terraform('destroy', '-auto-approve'), /Destroy complete!/)
    })
  }
})

/** Terraform as anybody would run it there, with the provider that infrastructure/ is locked to. */
function terraformIn(folder: string, configFile: string) {
  cpSync(join(root, 'infrastructure', '.terraform.lock.hcl'), join(folder, '.terraform.lock.hcl'))
  replaceWhatIsGone(folder)
  return async (...args: string[]): Promise<string> => {
    const environment = await readEnvironment(stateDir, 'us-east-1')
    const unset = Object.fromEntries((environment?.unset ?? []).map((name) => [name, undefined]))
    const env = { ...unset, ...environment?.set, TF_CLI_CONFIG_FILE: configFile, TF_INPUT: '0', TF_IN_AUTOMATION: '1', TF_DATA_DIR: undefined, TF_WORKSPACE: undefined }
    const { exitCode, stdout, stderr } = await run('terraform', [...args, '-no-color'], { cwd: folder, env, accept: 'any' })
    if (exitCode !== 0) throw new Error(`terraform ${args.join(' ')} ended with ${exitCode} in ${folder}:\n${stdout}\n${stderr}`)
    return stdout
  }
}

/** Keys come from the environment, and the provider of template_file was retired for the function templatefile. */
function replaceWhatIsGone(folder: string): void {
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.tf'))) {
    const text = readFileSync(join(folder, name), 'utf8')
    const replaced = text
      .replace(/^ +(?:shared_credentials_file|profile) +=.*\n/gm, '')
      .replace(/data "template_file" "(\w+)" \{\s*template = file\(("[^"]*")\)\s*vars = (\{[^}]*\})\s*\}/g, 'locals {\n  $1 = templatefile($2, $3)\n}')
      .replace(/data\.template_file\.(\w+)\.rendered/g, 'local.$1')
    writeFileSync(join(folder, name), replaced)
  }
}
