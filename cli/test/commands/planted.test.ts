import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startCli } from '../support/cli.ts'
import { deployScene, webapp } from '../support/deploy-scene.ts'
import { containers, deployedService, otherDigest, taskDefinition } from '../support/fake-service.ts'
import { keyOf, provedReceipt } from '../support/receipt.ts'
import { until } from '../support/until.ts'

const marker = 'planted/marker+0123456789'
const planted = { AWS_SECRET_ACCESS_KEY: `${marker}-key`, AWS_SESSION_TOKEN: `${marker}-token`, TF_VAR_token: `${marker}-variable` }
const everything = Object.values(planted).join(' ')
const variables = ['region', 'env', 'image_tag'].map((name) => `variable "${name}" {\n  type = string\n}\n`).join('\n')
const files = {
  'infrastructure/variables.tf': `${variables}
variable "name" {
  default = "webapp"
}

variable "repository_name" {
  default = "webapp"
}

variable "token" {
  default   = null
  sensitive = true
}
`,
}
const crashed = {
  deployments: [
    { name: 1, status: 'SUCCESSFUL', taskDefinition: taskDefinition(1), images: [{ containerName: 'app', imageDigest: otherDigest }] },
    { name: 2, status: 'ROLLBACK_SUCCESSFUL', statusReason: `circuit breaker ${everything}` },
  ],
  runs: taskDefinition(1),
  running: [{ taskDefinition: taskDefinition(1), containers: containers(otherDigest) }],
  stopped: [{ stoppedReason: `Essential container in task exited ${everything}`, stopCode: 'EssentialContainerExited', containers: [{ name: 'app', exitCode: 3 }] }],
  events: [`deployment failed: ${everything}`],
}
const said = JSON.stringify({ severity: 'error', summary: `It broke: ${everything}`, detail: everything })
const proved = provedReceipt()
const deploy = ['deploy', '--tag', 'v1', '--auto-approve', '--verbose']

const ways: [string, { args: string[]; exitCode: number; bad?: boolean; env?: Record<string, string>; interrupt?: string }][] = [
  ['a good deployment', { args: deploy, exitCode: 0 }],
  ['one that ECS rolls back, and tells', { args: [...deploy, '--allow-known-bad'], exitCode: 5, bad: true }],
  ['an apply that fails, and tells', { args: deploy, exitCode: 5, env: { FAKE_APPLY_ERROR: said } }],
  ['an apply that is interrupted', { args: deploy, exitCode: 130, env: { FAKE_APPLY_MS: '60000' }, interrupt: 'apply' }],
  ['a rollback', { args: ['rollback', proved.id, '--auto-approve', '--verbose'], exitCode: 0 }],
  ['a report and a history', { args: ['report', proved.id, '--json'], exitCode: 0 }],
]

for (const [name, { args, exitCode, bad = false, env = {}, interrupt }] of ways) {
  t.test(`a secret is nowhere after ${name}`, async (t) => {
    const answers = { ...deployedService(() => (bad ? crashed : {})), GetLogEvents: { events: [{ message: everything }] } }
    const { options, programs, aws, infrastructure, terraform } = await deployScene(t, {
      files,
      account: { ...webapp, answers, objects: { [keyOf('dev', proved)]: JSON.stringify(proved) } },
      ...(bad ? { served: { version: '1.0.0', imageTag: 'v0', imageDigest: otherDigest } } : {}),
    })
    const summary = join(infrastructure, '..', 'summary.md')
    const running = startCli(args, options({ ...planted, GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, FAKE_STATE: '1', ...env }))
    if (interrupt) {
      await until('it is under way', () => terraform().some(({ verb }) => verb === interrupt))
      running.child.kill('SIGINT')
    }
    const result = await running.ended
    t.equal(result.exitCode, exitCode, result.stderr)
    t.notMatch(result.stdout + result.stderr, marker)
    t.notMatch(JSON.stringify(programs.calls()), marker, 'in an argument')
    t.notMatch(JSON.stringify(aws.account.objects), marker, 'in the bucket')
    const root = join(infrastructure, '..')
    const kept = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    t.ok(kept.length > 10)
    for (const { parentPath, name: file } of kept) t.notOk(readFileSync(join(parentPath, file), 'utf8').includes(marker), join(parentPath, file))
  })
}
t.jobs = 2
