import t from 'tap'
import { buildScene } from '../support/build-scene.ts'
import { deployScene } from '../support/deploy-scene.ts'
import { registryPassword } from '../support/fake-aws.ts'

const planted = {
  AWS_SECRET_ACCESS_KEY: 'planted/secret+access/key',
  AWS_SESSION_TOKEN: 'planted-session-token',
  GITHUB_ACTIONS: 'true',
}
const secrets = [planted.AWS_SECRET_ACCESS_KEY, planted.AWS_SESSION_TOKEN, registryPassword]
const everySecret = `${planted.AWS_SECRET_ACCESS_KEY} ${planted.AWS_SESSION_TOKEN}`
const modes = [[], ['--verbose'], ['--json', '--verbose']]

t.test('build: no secret in what is printed or in an argument, on any way out', async (t) => {
  const ways: [string, Record<string, string>, number][] = [
    ['all is well', { FAKE_BUILD_SAYS: everySecret }, 0],
    ['the build fails and tells', { FAKE_BUILD_SAYS: everySecret, FAKE_BUILD_EXIT: '1' }, 4],
    ['the login fails and tells', { FAKE_LOGIN_ERROR: 'wrong password: %s' }, 4],
    ['the push fails and tells', { FAKE_PUSH_ERROR: `401 ${everySecret} ${registryPassword}` }, 4],
    ['AWS is out of reach', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, 4],
  ]
  for (const [name, env, exitCode] of ways) {
    void t.test(name, { buffered: true }, async (t) => {
      const { build, programs } = await buildScene(t, { account: { repositories: { webapp: { immutable: false, images: {} } } } })
      for (const flags of modes) {
        const result = await build(['--force', ...flags], { ...planted, ...env })
        t.equal(result.exitCode, exitCode, result.stderr)
        for (const secret of secrets) {
          t.notOk((result.stdout + result.stderr).includes(secret), `${flags.join(' ')}: printed`)
          t.notOk(JSON.stringify(programs.calls()).includes(secret), 'in an argument')
        }
      }
    })
  }
})

t.test('deploy: neither, and none in the step summary', async (t) => {
  const error = JSON.stringify({ severity: 'error', summary: 'It broke', detail: everySecret })
  const ways: [string, Record<string, string>, number][] = [
    ['all is well', {}, 0],
    ['init fails and tells', { FAKE_INIT_ERROR: everySecret }, 4],
    ['plan fails and tells', { FAKE_PLAN_ERROR: error }, 2],
    ['apply fails and tells', { FAKE_APPLY_ERROR: error }, 5],
  ]
  for (const [name, env, exitCode] of ways) {
    void t.test(name, { buffered: true }, async (t) => {
      const { deploy, programs } = await deployScene(t)
      for (const flags of modes) {
        const result = await deploy(['--tag', 'v1', '--auto-approve', ...flags], { ...planted, ...env })
        t.equal(result.exitCode, exitCode, result.stderr)
        for (const secret of secrets) {
          t.notOk((result.stdout + result.stderr).includes(secret), `${flags.join(' ')}: printed`)
          t.notOk(JSON.stringify(programs.calls()).includes(secret), 'in an argument')
        }
      }
    })
  }
})
t.jobs = 2
