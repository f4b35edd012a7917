import t, { type Test } from 'tap'
import type { Receipt } from '../../src/rollout/receipt/receipt.ts'
import { runCli } from '../support/cli.ts'
import { deployScene } from '../support/deploy-scene.ts'
import type { FakeAccount } from '../support/fake-aws.ts'
import { startFakeRegistry, storeImage, type FakeRepository } from '../support/fake-registry.ts'
import { containers, deployedService } from '../support/fake-service.ts'
import { keyOf, provedReceipt } from '../support/receipt.ts'

const backend = (env: string) => `bucket = "state-bucket"\nkey = "webapp/${env}/terraform.tfstate"\nregion = "eu-central-1"\nuse_lockfile = true\n`
const files = {
  'infrastructure/s3.tfbackend': undefined,
  'infrastructure/input.auto.tfvars': 'region = "eu-central-1"\n',
  'infrastructure/environments/staging/s3.tfbackend': backend('staging'),
  'infrastructure/environments/staging/input.tfvars': 'env = "staging"\n',
  'infrastructure/environments/prod/s3.tfbackend': backend('prod'),
  'infrastructure/environments/prod/input.tfvars': 'env = "prod"\nrepository_name = "webapp-prod"\n',
}

/** Two environments with a repository each; staging's last receipt is as given. */
async function scene(t: Test, receipt: Partial<Receipt> = {}, more: Partial<FakeAccount> = {}) {
  const registry = await startFakeRegistry()
  t.teardown(registry.close)
  const webapp: FakeRepository = { blobs: {}, manifests: {} }
  registry.repositories.webapp = webapp
  const digest = storeImage(webapp, ['linux/amd64'])
  const host = new URL(registry.url).host
  const last = provedReceipt({ ...receipt, release: { ...provedReceipt().release, ...receipt.release, repository: `${host}/webapp`, digest } })
  const image = { containerName: 'app', imageDigest: digest }
  const made = await deployScene(t, {
    files,
    served: { version: '1.2.3', imageTag: 'v1', imageDigest: digest },
    account: {
      registry: host,
      repositories: { webapp: { immutable: true, images: { v1: { digest } } }, 'webapp-prod': { immutable: true, images: {} } },
      objects: { [keyOf('staging', last)]: JSON.stringify(last) },
      answers: deployedService(() => ({ deployments: [{ name: 2, status: 'SUCCESSFUL', images: [image] }], running: [{ containers: containers(digest) }, { containers: containers(digest) }] })),
      ...more,
    },
  })
  const promote = (...args: string[]) => runCli(['promote', '--from', 'staging', '--to', 'prod', '--auto-approve', ...args], made.options())
  const inProd = () => Object.entries(made.aws.account.objects).flatMap(([key, text]) => (key.startsWith('state-bucket/webapp/prod/') ? [JSON.parse(text) as Receipt] : []))
  return { ...made, registry, webapp, digest, promote, inProd, prod: () => registry.repositories['webapp-prod'] }
}

t.test('the digest that staging proves is copied, deployed and proved in prod', async (t) => {
  const { promote, prod, webapp, digest, terraform, inProd } = await scene(t)
  const planned = await promote('--plan-only')
  t.equal(planned.exitCode, 0, planned.stderr)
  t.notOk(prod(), 'a plan copies nothing')
  const result = await promote('--json')
  t.equal(result.exitCode, 0, result.stderr)
  t.match(JSON.parse(result.stdout), { image: { tag: 'v1', digest, repository: /\/webapp-prod$/ }, proof: { digest } })
  t.same(prod()?.blobs, webapp.blobs)
  t.same(prod()?.manifests.v1, webapp.manifests[digest])
  t.match(terraform().at(-1), { verb: 'apply', digest })
  t.ok(terraform().find(({ verb }) => verb === 'plan')?.args?.includes('-var-file=environments/prod/input.tfvars'))
  t.match(inProd(), [{ command: 'promote', promotedFrom: { env: 'staging', receipt: 'aaaaaaaa', account: '123456789012' }, target: { env: 'prod' }, outcome: { kind: 'proved' } }])
})

t.test('what is not proved stays where it is', async (t) => {
  const failed = { outcome: { kind: 'failed' as const, exitCode: 5, message: 'it crashed', cause: null, fix: null } }
  const { promote, prod, terraform } = await scene(t, failed)
  const { exitCode, stderr } = await promote()
  t.equal(exitCode, 2, stderr)
  t.match(stderr, 'staging: The last receipt aaaaaaaa does not prove that v1 serves: it says failed. Nothing was copied.')
  t.match((await promote('--receipt', 'bbbb')).stderr, 'There is no receipt bbbb')
  t.notOk(prod())
  t.same(terraform(), [])
})

t.test('an image that is there is not copied; a tag of another image is no place for it', async (t) => {
  const there = await scene(t)
  there.aws.account.repositories['webapp-prod'] = { immutable: true, images: { other: { digest: there.digest } } }
  const named = await there.promote()
  t.equal(named.exitCode, 0, named.stderr)
  t.match(there.aws.account.repositories['webapp-prod'].images.v1, { digest: there.digest })
  t.notOk(there.prod())

  there.aws.account.repositories['webapp-prod'] = { immutable: true, images: { v1: { digest: `sha256:${'9'.repeat(64)}` } } }
  const taken = await there.promote()
  t.equal(taken.exitCode, 2, taken.stderr)
  t.match(taken.stderr, /The tag v1 already names another image \(sha256:9+\) in webapp-prod.*Give the image another name there with --tag/s)
})

t.test('who is refused is said, and on which side', async (t) => {
  const noLogin = await scene(t, {}, { refuse: { 'ecr GetAuthorizationToken': { status: 400, code: 'AccessDeniedException' } } })
  const login = await noLogin.promote()
  t.equal(login.exitCode, 4, login.stderr)
  t.match(login.stderr, 'error: staging: AWS does not allow this identity to get a login for ECR.')

  const { registry, promote } = await scene(t)
  registry.fault = (call) => (call.startsWith('POST webapp-prod') ? 403 : undefined)
  const write = await promote()
  t.equal(write.exitCode, 4, write.stderr)
  t.match(write.stderr, /prod: ECR does not let this identity write the image\..*Ask for the permissions ecr:PutImage.*for prod/s)
  registry.fault = (call) => (call.startsWith('GET webapp manifests') ? 404 : undefined)
  t.match((await promote()).stderr, /staging: the image is no longer in ECR: .*\/webapp@sha256/)
})

t.test('an image for another architecture is refused, and the same environment twice', async (t) => {
  const { promote, options } = await scene(t, { release: { ...provedReceipt().release, platform: 'linux/arm64' } })
  const { exitCode, stderr } = await promote()
  t.equal(exitCode, 2, stderr)
  t.match(stderr, 'v1 is an image for linux/arm64, and the tasks of prod run on linux/amd64. Nothing was copied.')
  t.equal((await runCli(['promote', '--from', 'prod', '--to', 'prod'], options())).exitCode, 2)
})
t.jobs = 2
