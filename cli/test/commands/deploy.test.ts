import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { deployScene as scene, digest, webapp, type DeployScene } from '../support/deploy-scene.ts'
import { containers, deployedService } from '../support/fake-service.ts'
import { writeProject } from '../support/project.ts'
t.test('plans, applies that very plan with the image tag, and proves that the app answers with it', async (t) => {
  const { deploy, terraform, url, tmp } = await scene(t)
  const result = await deploy(['--tag', 'v1', '--auto-approve', '--json'])
  t.equal(result.exitCode, 0, result.stderr)
  const output = JSON.parse(result.stdout)
  t.match(output, { url, image: { tag: 'v1', digest }, version: '1.2.3', changes: { create: 1, update: 1, replace: 0, destroy: 0 } })
  t.ok(output.steps.every((step: { name: string; seconds: number }) => step.name && step.seconds >= 0))
  t.same(terraform().map(({ verb }) => verb), ['init', 'plan', 'apply'])
  t.ok(terraform().every((call) => call.tag === 'v1' && call.digest === digest))
  const [init, plan, apply] = terraform()
  t.ok(init?.args?.includes('-backend-config=s3.tfbackend'))
  t.ok(plan?.args?.includes(`-out=${apply?.args?.at(-1)}`), 'the plan that was shown is the one applied')
  t.same(readdirSync(tmp), [], 'the plan file, which may hold secrets, is gone')
})

t.test('a second deploy needs no init; a changed backend file does', async (t) => {
  const { deploy, terraform, infrastructure } = await scene(t)
  await deploy(['--tag', 'v1', '--auto-approve'])
  await deploy(['--tag', 'v1', '--auto-approve'])
  t.equal(terraform().filter(({ verb }) => verb === 'init').length, 1)
  writeProject(join(infrastructure, '..'), { 'infrastructure/s3.tfbackend': 'bucket = "state-bucket"\nkey = "other/dev.tfstate"\nregion = "eu-central-1"\nuse_lockfile = true\n' })
  t.equal((await deploy(['--tag', 'v1', '--auto-approve'])).exitCode, 0)
  t.equal(terraform().filter(({ verb }) => verb === 'init').length, 2)
})

t.test("the state bucket is looked at as the backend's role, as Terraform does", async (t) => {
  const stateRole = 'arn:aws:iam::123456789012:role/state'
  const backend = `bucket = "state-bucket"\nkey = "webapp/dev.tfstate"\nregion = "eu-central-1"\nuse_lockfile = true\n`
  const files = { 'infrastructure/s3.tfbackend': `${backend}assume_role = { role_arn = "${stateRole}" }\n` }
  const { deploy } = await scene(t, { files, account: { ...webapp, stateRole } })
  const result = await deploy(['--tag', 'v1', '--plan-only'])
  t.equal(result.exitCode, 0, result.stderr)
})

t.test('nothing to change: nothing is applied, but what serves is still proved', async (t) => {
  const { deploy, terraform } = await scene(t)
  const result = await deploy(['--tag', 'v1', '--auto-approve', '--json'], { FAKE_PLAN: '{}' })
  t.equal(result.exitCode, 0, result.stderr)
  t.same(terraform().map(({ verb }) => verb), ['init', 'plan'])
  t.equal(JSON.parse(result.stdout).version, '1.2.3')
})

t.test('what changes no resource but the state is applied too', async (t) => {
  const { deploy, terraform } = await scene(t)
  const result = await deploy(['--tag', 'v1', '--auto-approve', '--json'], { FAKE_PLAN: JSON.stringify({ 'aws_lb.new': 'move' }) })
  t.equal(result.exitCode, 0, result.stderr)
  t.match(result.stderr, 'No resource changes; outputs or the state do.')
  t.same(JSON.parse(result.stdout).changes, { create: 0, update: 0, replace: 0, destroy: 0 })
  t.same(terraform().map(({ verb }) => verb), ['init', 'plan', 'apply'])
})

t.test('--build builds, pushes and deploys what it pushed', async (t) => {
  const pushed = `sha256:${'b'.repeat(64)}`
  const served = { version: '1.2.3', imageTag: '', imageDigest: pushed }
  const images = [{ containerName: 'app', imageDigest: pushed }]
  const answers = deployedService(() => ({ deployments: [{ name: 2, status: 'SUCCESSFUL', images }], running: [{ containers: containers(pushed) }] }))
  const { deploy, terraform } = await scene(t, { served, account: { ...webapp, answers } })
  const tag = JSON.parse((await deploy(['--build', '--plan-only', '--json'])).stdout).image.tag as string
  served.imageTag = tag
  const result = await deploy(['--build', '--auto-approve', '--json'])
  t.match(JSON.parse(result.stdout), { image: { tag, digest: pushed }, version: '1.2.3' })
  t.equal(terraform().at(-1)?.tag, tag)
  t.match(result.stderr, /Receipt [0-9a-f]{8}: see it/)
})

t.test('--plan-only changes nothing and needs no approval', async (t) => {
  const { deploy, terraform } = await scene(t)
  const result = await deploy(['--tag', 'v1', '--plan-only', '--json'])
  t.equal(result.exitCode, 0, result.stderr)
  t.match(JSON.parse(result.stdout), { url: null, version: null, changes: { create: 1 } })
  t.same(terraform().map(({ verb }) => verb), ['init', 'plan'])
})

t.test('what is destroyed or replaced is listed and warned about', async (t) => {
  const { deploy } = await scene(t)
  const plan = { 'aws_lb.old': 'delete', 'aws_ecs_task_definition.web': 'replace', 'data.x': 'read', 'aws_x.same': 'noop' }
  const result = await deploy(['--tag', 'v1', '--plan-only'], { FAKE_PLAN: JSON.stringify(plan) })
  t.match(result.stderr, /± replace 1\n\s+aws_ecs_task_definition\.web/)
  t.match(result.stderr, /- destroy 1\n\s+aws_lb\.old/)
  t.match(result.stderr, /warning: 1 resource\(s\) will be DESTROYED: aws_lb\.old/)
})

t.test('what is wrong is found before anything is written', async (t) => {
  const lock = { severity: 'error', summary: 'Error acquiring the state lock', detail: 'Lock Info:\n  ID:        1234-abcd\n  Who:       ann@laptop\n  Created:   2026-01-01 10:00:00 UTC\n  Operation: OperationTypeApply\n' }
  const broken = { severity: 'error', summary: 'Unsupported argument', detail: 'An argument named "x" is not expected here.', range: { filename: 'main.tf', start: { line: 3, column: 5 } } }
  const cases: [string, DeployScene, Record<string, string>, string[], number, RegExp][] = [
    ['no terminal', {}, {}, ['--tag', 'v1'], 2, /no terminal to ask for approval.*--auto-approve/s],
    ['no such tag', {}, {}, ['--tag', 'v9', '--auto-approve'], 4, /There is no image webapp:v9 in ECR.*fix: Name a tag that exists/s],
    ['not built yet', {}, {}, ['--auto-approve'], 4, /There is no image webapp:[0-9a-f]{16} in ECR.*fargate-ctl build/s],
    ['no bucket', { account: { ...webapp, buckets: [] } }, {}, ['--tag', 'v1', '--auto-approve'], 4, /The state bucket state-bucket does not exist in eu-central-1/],
    ['bucket refused', { account: { ...webapp, refuse: { s3: { status: 403, code: 'AccessDenied' } } } }, {}, ['--tag', 'v1', '--auto-approve'], 4, /does not allow this identity to use the state bucket/],
    ['bad settings', { files: { 'infrastructure/s3.tfbackend': 'bucket = "state-bucket"\nregoin = "eu-central-1"\n' } }, {}, ['--tag', 'v1', '--auto-approve'], 2, /s3\.tfbackend:2:1/],
    ['init fails', {}, { FAKE_INIT_ERROR: 'Failed to query available provider packages' }, ['--tag', 'v1', '--auto-approve'], 4, /terraform init failed\..*Failed to query available provider/s],
    ['plan fails', {}, { FAKE_PLAN_ERROR: JSON.stringify(broken) }, ['--tag', 'v1', '--auto-approve'], 2, /terraform plan failed\..*main\.tf:3:5: Unsupported argument/s],
    ['locked', {}, { FAKE_PLAN_ERROR: JSON.stringify(lock) }, ['--tag', 'v1', '--auto-approve'], 6, /The state is locked \(lock 1234-abcd\); nothing was changed\..*held by ann@laptop, since 2026-01-01.*fargate-ctl unlock 1234-abcd/s],
    ['bad timeout', {}, {}, ['--timeout', 'soon'], 2, /a number of seconds above 0/],
  ]
  for (const [name, sceneOptions, env, args, exitCode, message] of cases) {
    await t.test(name, async (t) => {
      const { deploy, terraform } = await scene(t, sceneOptions)
      const result = await deploy(args, env)
      t.equal(result.exitCode, exitCode, result.stderr)
      t.match(result.stderr, message)
      t.notMatch(result.stderr, /\n {4}at /, 'no stack')
      t.notOk(terraform().some(({ verb }) => verb === 'apply'), 'nothing was applied')
    })
  }
})

t.test('a failed apply ends with 5 and terraform\'s own words', async (t) => {
  const { deploy } = await scene(t)
  const error = { severity: 'error', summary: 'creating ECS Service: AccessDenied', detail: 'not allowed', address: 'module.ecs.aws_ecs_service.this' }
  const result = await deploy(['--tag', 'v1', '--auto-approve'], { FAKE_APPLY_ERROR: JSON.stringify(error) })
  t.equal(result.exitCode, 5)
  t.match(result.stderr, /terraform apply failed\..*creating ECS Service: AccessDenied \(module\.ecs\.aws_ecs_service\.this\)/s)
})

t.test('an app that answers with another version, or not at all, is no success', async (t) => {
  for (const [served, seen] of [[{ version: '1.0.0', imageTag: 'v0' }, /Serving: v0 \(version 1\.0\.0\) on/], ['down', /Serving: nothing that answers \(HTTP 503 on \/version\)/]] as const) {
    const { deploy } = await scene(t, { served })
    const result = await deploy(['--tag', 'v1', '--auto-approve', '--timeout', '1'])
    t.equal(result.exitCode, 5, result.stderr)
    t.match(result.stderr, /did not answer with v1 within 1 s/)
    t.match(result.stderr, seen)
  }
})
