// Terraform of other people, applied in a rehearsal: plain resources, an image by its tag alone, and three accounts at once.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root, runCli } from '../support/cli.ts'
import { exampleProject } from '../support/example.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('time', 'embedded AWS')

const accounts = { dev: '111111111111', uat: '222222222222', prod: '333333333333' }

t.test('a plain root in three accounts, with the image by digest; then by its tag alone', { timeout: 900_000 }, async (t) => {
  const project = exampleProject(t, 'node')
  const folder = join(project, 'terraform')
  rmSync(join(project, 'infrastructure'), { recursive: true })
  cpSync(join(root, 'cli', 'test', 'roots', 'plain'), folder, { recursive: true })
  const backend = readFileSync(join(folder, 's3.tfbackend'), 'utf8')
  for (const [name, account] of Object.entries(accounts)) {
    const environment = join(folder, 'environments', name)
    mkdirSync(environment, { recursive: true })
    writeFileSync(join(environment, 's3.tfbackend'), backend.replace('dev', name).replace('shop-', `shop-${name}-`))
    writeFileSync(join(environment, 'input.tfvars'), `env                 = "${name}"\nallowed_account_ids = ["${account}"]\n`)
  }
  const env = { FARGATE_CTL_SCRATCH: undefined, FARGATE_CTL_BAKE: '0', FARGATE_CTL_INFRASTRUCTURE: folder }
  const cli = (args: string[], more: Record<string, string | undefined> = {}) => runCli(args, { cwd: project, env: { ...env, ...more } })
  const rehearse = (name: string) => cli(['rehearse', '--engine', 'none', '--speed', '10', '--json', '--env', name])
  t.teardown(() => cli(['rehearse', '--down']))

  for (const [name, account] of Object.entries(accounts)) {
    const { exitCode, stdout, stderr } = await rehearse(name)
    t.equal(exitCode, 0, `${name}: ${stderr}`)
    t.match(JSON.parse(stdout), { proof: { app: { shows: 'digest' }, taskDefinition: new RegExp(`:${account}:`) } })
    const printed = await cli(['rehearse', '--print-env', '--json', '--env', name])
    const status = await cli(['status', '--json', '--env', name], JSON.parse(printed.stdout) as Record<string, string>)
    t.match(JSON.parse(status.stdout), { healthy: true })
  }

  const byTag = (file: string, from: string, to: string) => writeFileSync(join(folder, file), readFileSync(join(folder, file), 'utf8').replace(from, to))
  byTag('main.tf', '@${var.image_digest}', ':${var.image_tag}')
  byTag('variables.tf', 'image_digest', 'image_tag')
  const { exitCode, stdout, stderr } = await rehearse('dev')
  t.equal(exitCode, 0, stderr)
  t.match(JSON.parse(stdout), { proof: { digest: /^sha256:/ }, changes: { replace: 1 } })
})
