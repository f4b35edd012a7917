import t from 'tap'
import { forgetMisleading, rehearsalEnvironment } from '../../src/rehearsal/environment.ts'

t.test("what leads elsewhere is unset: Terraform's variables and those that the embedded AWS names", (t) => {
  const leaking = { TF_WORKSPACE: 'other', TF_CLI_ARGS: '-no-color', TF_CLI_ARGS_plan: '-destroy', TF_VAR_env: 'dev' }
  for (const name of Object.keys(leaking)) t.teardown(() => delete process.env[name])
  Object.assign(process.env, leaking)
  const aws = { set: { AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }, unset: ['AWS_PROFILE'] }
  const { set, unset } = rehearsalEnvironment(aws, { TF_DATA_DIR: '/tmp/terraform' })
  t.same(set, { ...aws.set, TF_DATA_DIR: '/tmp/terraform' })
  t.same(unset.toSorted(), ['AWS_PROFILE', 'TF_CLI_ARGS', 'TF_CLI_ARGS_plan', 'TF_WORKSPACE'])
  forgetMisleading()
  t.same(Object.keys(leaking).filter((name) => name in process.env), ['TF_VAR_env'], 'before Terraform is asked for the settings, too')
  t.end()
})
