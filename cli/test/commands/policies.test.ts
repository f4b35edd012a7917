// Policies on the plan: what `plan` makes of opa's answer. The policies themselves and the real opa are tested by
// cli/test/lint/real-tools.test.ts.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { runCli } from '../support/cli.ts'
import { deployScene } from '../support/deploy-scene.ts'
import { fakePrograms } from '../support/fake-programs.ts'
import { realTerraform } from '../support/fake-terraform.ts'
import { recordedPlan } from '../support/plans/read.ts'

const planned = { FAKE_SHOW: recordedPlan('new-image') }
const denial = { address: 'aws_ecs_service.this["app"]', msg: 'It is not right.' }
const packages = { network: { deny_open: [denial], administration: { 22: 'SSH' } }, own: { warn: ['Think twice.'], deny: [] }, registries: ['*'] }

const opa = (value: object) => `
if (args[0] === 'version') return say('Version: 1.2.3')
if (!input.includes('"resource_changes"')) return 9
say(${JSON.stringify(JSON.stringify({ result: [{ expressions: [{ value }] }] }))})`

async function planWith(t: Test, { files = {}, value = packages, program = opa(value) }: { files?: Record<string, string>; value?: object; program?: string | null }) {
  const service = 'resource "aws_ecs_service" "this" {\n}\n'
  const scene = await deployScene(t, {
    files: { 'infrastructure/policies/network.rego': 'package network\n', 'infrastructure/service.tf': `# The service\n${service}`, ...files },
    programs: { opa: program ?? undefined },
  })
  const plan = (...args: string[]) => runCli(['plan', '--tag', 'v1', ...args], scene.options(planned))
  return { ...scene, plan }
}

t.test('a plan that breaks a policy: named at its line, exit code 3, not sealed', async (t) => {
  const { plan, options } = await planWith(t, {})
  const out = join(options().cwd, 'release.plan')
  const { exitCode, stdout, stderr } = await plan('--out', out)
  t.equal(exitCode, 3, stderr)
  t.match(stdout, /infrastructure\/service\.tf\n {2}2:1 +error +aws_ecs_service\.this\["app"\]: It is not right\. opa\/network\.open/)
  t.match(stdout, /warning +Think twice\. opa\/own/)
  t.match(stderr, /breaks the policies[^]*1 finding\. It was not sealed\.[^]*exceptions\.json/)
  t.notOk(existsSync(out))
  const { policies } = JSON.parse((await plan('--json')).stdout) as { policies: object }
  t.match(policies, { findings: [{ rule: 'own' }, { rule: 'network.open', file: 'infrastructure/service.tf', line: 2 }], tools: [{ name: 'opa', version: '1.2.3' }] })
  t.match((await plan('--format', 'markdown')).stdout, /#### Policies\n\n.*\n- ⛔ aws\\_ecs\\_service\.this.*`network\.open` `infrastructure\/service\.tf:2`/)
})

t.test('a policy that is kept, or only warns, leaves the plan as it is', async (t) => {
  const { plan } = await planWith(t, { value: { own: { warn: ['Think twice.'] } } })
  t.equal((await plan()).exitCode, 10)
  t.match((await planWith(t, { value: {} }).then(({ plan }) => plan('--format', 'markdown'))).stdout, /#### Policies\n\n- ✅ kept/)
})

t.test('exceptions hold until their last day, and are read or refused', async (t) => {
  const exception = { rule: 'network.open', address: 'aws_ecs_service.this[*', reason: 'it is closed by another', expires: '2999-12-31' }
  const file = (...exceptions: object[]) => ({ 'infrastructure/policies/exceptions.json': JSON.stringify({ exceptions }) })
  const run = async (...exceptions: object[]) => (await planWith(t, { files: file(...exceptions) })).plan()
  t.equal((await run(exception)).exitCode, 10)
  t.equal((await run({ ...exception, address: 'aws_ecs_service.that[*' })).exitCode, 3, 'for another resource')
  t.match(await run({ ...exception, expires: '2020-01-31' }), { exitCode: 3, stdout: /its exception ended on 2020-01-31: it is closed by another/ })
  const { exitCode, stderr } = await run({ ...exception, reason: '' })
  t.equal(exitCode, 10, 'without an answer the plan is what it was')
  t.match(stderr, /policies were not checked\. The exceptions in infrastructure\/policies\/exceptions\.json cannot be read[^]*a reason of some words/)
})

t.test('without an answer of opa, the policies are not checked, and that is said', async (t) => {
  const missing = await planWith(t, { program: null })
  // An opa of this machine must not take its place.
  const { folder } = fakePrograms(join(missing.tmp, 'real'), { terraform: realTerraform })
  const plan = (...args: string[]) => runCli(['plan', '--tag', 'v1', ...args], missing.options({ ...planned, PATH: [missing.programs.folder, folder].join(delimiter) }))
  const { exitCode, stderr } = await plan()
  t.equal(exitCode, 10)
  t.match(stderr, /The policies were not checked\. The program opa is not installed/)
  t.match((await plan('--format', 'markdown')).stdout, /- Not checked: The program opa/)
  for (const program of ["complain('rego_parse_error: no match'); return 2", "say('{}')", opa({ network: { deny_open: 'x' } })]) {
    t.match((await (await planWith(t, { program })).plan()).stderr, /The policies were not checked\./)
  }
})
