import t from 'tap'
import type { Result } from '../../src/doctor/check.ts'
import { runCli } from '../support/cli.ts'
import { deployScene, digest, webapp, type DeployScene } from '../support/deploy-scene.ts'
import { xml } from '../support/fake-aws.ts'
import { deployedService, refusal, taskDefinition } from '../support/fake-service.ts'

const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`
const definition = {
  taskDefinitionArn: taskDefinition(2),
  executionRoleArn: role('webapp-exec'),
  taskRoleArn: role('webapp-task'),
  containerDefinitions: [{ name: 'app', logConfiguration: { logDriver: 'awslogs', options: { mode: 'non-blocking' } } }],
}
const deploymentConfiguration = { minimumHealthyPercent: 100, deploymentCircuitBreaker: { enable: true, rollback: true } }
const service = (more: object = {}) => ({ services: [{ serviceName: 'webapp', taskDefinition: taskDefinition(2), deploymentConfiguration, ...more }] })
const good = { ...deployedService(), DescribeServices: service(), DescribeTaskDefinition: { taskDefinition: definition } }
const programs = { git: 'say("git version 2")', python3: 'say("Python 3.12")', tflint: 'say("0.64")', tfsec: 'say("1.28")', 'session-manager-plugin': 'say("1.2.7")' }
const image = `registry/webapp@${digest}`

/** Runs it on a project that is initialised and deployed. */
async function doctor(t: Test, { account = {}, programs: more = {}, ...scene }: DeployScene = {}, args: string[] = [], env: Record<string, string | undefined> = {}) {
  const answers = { ...good, ...account.answers }
  const { deploy, options, aws } = await deployScene(t, { ...scene, deployed: true, account: { ...webapp, ...account, answers }, programs: { ...programs, ...more } })
  const outputs = JSON.stringify({ image })
  await deploy(['--tag', 'v1', '--plan-only'], { FAKE_OUTPUTS: outputs })
  const result = await runCli(['doctor', '--json', ...args], options({ FAKE_OUTPUTS: outputs, ...env }))
  const checks = result.stdout ? (JSON.parse(result.stdout) as { checks: Result[] }).checks : []
  return { ...result, checks, aws, options, look: (name: string) => checks.find((check) => check.name === name) }
}
type Test = Parameters<typeof deployScene>[0]

t.test('all is well', async (t) => {
  const { exitCode, stderr, checks, look, aws, options } = await doctor(t)
  t.equal(exitCode, 0, stderr)
  t.same(checks.filter(({ status }) => status !== 'ok').map(({ name, status }) => [name, status]), [['account', 'skip'], ['modules and provider', 'skip'], ['provider release', 'skip'], ['lock file hashes', 'skip']])
  t.match(look('terraform'), { status: 'ok', value: /^1\./, neededBy: ['deploy', 'validate', 'rehearse'] })
  t.match(look('deployed image'), { value: image })
  t.notOk(aws.calls.some((call) => /Put|Create|Delete|Update|Register/.test(call)), 'it only looks')
  const pretty = await runCli(['doctor', '--for', 'exec'], options())
  t.match(pretty.stdout, /^Programs\n {2}OK {6}session-manager-plugin {2}1\.2\.7\nRoles\n {2}OK {6}task role/, 'one command’s checks alone')
})

t.test('what is wrong, each with what to do', async (t) => {
  const lock = JSON.stringify({ ID: '1234-abcd', Operation: 'OperationTypeApply', Who: 'ann@laptop', Created: new Date(Date.now() - 72 * 3_600_000) })
  const bare = { ...definition, containerDefinitions: [{ name: 'app', logConfiguration: { logDriver: 'awslogs', options: {} } }] }
  const { exitCode, stderr, look } = await doctor(t, {
    account: {
      repositories: { webapp: { immutable: false, images: { v1: { digest: 'sha256:other' } } } },
      objects: { 'state-bucket/webapp/dev/terraform.tfstate.tflock': lock },
      answers: {
        DescribeServices: service({ deploymentConfiguration: { minimumHealthyPercent: 66, strategy: 'BLUE_GREEN' } }),
        DescribeTaskDefinition: { taskDefinition: bare },
        GetRole: xml('<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>', 404),
        versioning: xml('<VersioningConfiguration/>'),
        encryption: xml('<Error><Code>ServerSideEncryptionConfigurationNotFoundError</Code></Error>', 404),
        publicAccessBlock: xml('<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>'),
      },
    },
    programs: { git: undefined, docker: 'complain("no daemon"); return 1', 'session-manager-plugin': undefined },
  }, [], { AWS_REGION: 'us-west-2' })
  t.equal(exitCode, 4)
  t.match(stderr, /4 checks failed: engine, deployed image, execution role, task role/)
  const expected: Record<string, object> = {
    engine: { status: 'fail', value: /no docker engine answers/, fix: /Start it/ },
    'session-manager-plugin': { status: 'warn', value: 'not installed', neededBy: ['exec'] },
    region: { status: 'warn', value: /AWS_REGION is us-west-2/ },
    versioned: { status: 'warn', fix: /put-bucket-versioning --bucket state-bucket/ },
    encrypted: { status: 'warn', value: 'no', fix: /put-bucket-encryption/ },
    private: { status: 'warn', value: 'off: IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets' },
    lock: { status: 'warn', value: /lock 1234-abcd, held by ann@laptop, for apply, taken 3 days ago/, fix: /fargate-ctl unlock/ },
    'immutable tags': { status: 'warn', fix: /IMMUTABLE/ },
    'scan on push': { status: 'warn' },
    'deployed image': { status: 'fail', value: /is not in ECR any more/ },
    'execution role': { status: 'fail', value: /webapp-exec does not exist/ },
    AWSServiceRoleForECS: { status: 'warn', fix: /create-service-linked-role --aws-service-name ecs\.amazonaws\.com/ },
    'circuit breaker': { status: 'warn', value: /^off/ },
    'healthy percent': { status: 'warn', value: /^66 %/ },
    strategy: { status: 'warn', value: /^BLUE_GREEN/ },
    'log mode': { status: 'warn' },
  }
  for (const [name, verdict] of Object.entries(expected)) t.match(look(name), verdict, name)
})

t.test('what is wrong before anything is initialised: another account, and modules that do not fit the provider', async (t) => {
  const { exitCode, look } = await doctor(t, {
    files: {
      'infrastructure/main.tf': 'module "ecs" {\n  source  = "terraform-aws-modules/ecs/aws"\n  version = "6.0.1"\n}\n',
      'infrastructure/.terraform.lock.hcl': 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n  hashes = [\n    "h1:abc=",\n  ]\n}\n',
      'infrastructure/accounts.tf': 'variable "allowed_account_ids" {\n  type    = list(string)\n  default = ["999999999999"]\n}\n',
    },
  })
  t.equal(exitCode, 4)
  t.match(look('account'), { status: 'fail', value: /123456789012 is not one of 999999999999/ })
  t.match(look('modules and provider'), { status: 'fail', value: 'ecs 6.0.1 needs hashicorp/aws 6, and 5.100.0 is locked' })
  t.match(look('lock file hashes'), { status: 'warn', fix: /providers lock -platform/ })
  t.match(look('strategy'), { status: 'skip', value: /terraform is not initialised here/ })
})

t.test('a missing permission is unknown, and fails nothing', async (t) => {
  const denied = { status: 403, code: 'AccessDenied' }
  const { exitCode, stderr, look } = await doctor(t, {
    account: {
      refuse: { 's3 versioning': denied, 'iam GetRole': denied },
      answers: { DescribeTaskDefinition: refusal('AccessDeniedException') },
    },
  })
  t.equal(exitCode, 0, stderr)
  t.match(look('versioned'), { status: 'unknown', value: /does not allow this identity/, fix: /s3:GetBucketVersioning/ })
  t.match(look('AWSServiceRoleForECS'), { status: 'unknown', fix: /iam:GetRole/ })
  t.match(look('execution role'), { status: 'unknown', fix: /ecs:DescribeTaskDefinition/ })
  t.match(look('encrypted'), { status: 'ok' })
})

t.test('what cannot be had skips what needs it, and the rest is still looked at', async (t) => {
  const { options } = await deployScene(t, { programs, files: { 'infrastructure/s3.tfbackend': 'bucket = "state-bucket"\n' } })
  const broken = await runCli(['doctor', '--json'], options())
  t.equal(broken.exitCode, 4)
  const { checks } = JSON.parse(broken.stdout) as { checks: Result[] }
  const look = (name: string) => checks.find((check) => check.name === name)
  t.match(look('settings'), { status: 'fail', value: /infrastructure\/s3\.tfbackend:1: / })
  t.match(look('bucket'), { status: 'skip', value: 'the configuration has errors' })
  t.match(look('engine'), { status: 'ok' })
  const offline = await deployScene(t, { programs })
  const result = await runCli(['doctor', '--for', 'deploy'], offline.options({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }))
  t.equal(result.exitCode, 4)
  t.match(result.stdout, /FAIL {4}identity .*AWS is out of reach/)
  t.match(result.stdout, /SKIP {4}deployed image +terraform is not initialised here; deploy does it/)
  t.notMatch(result.stdout, /tflint/)
  t.match(await runCli(['doctor', '--for', 'nonsense'], offline.options()), { exitCode: 2, stderr: /There are no checks for nonsense\..*build, deploy/s })
})

t.test('a clock that AWS would refuse', async (t) => {
  const { aws, options } = await deployScene(t, { deployed: true, programs })
  aws.account.dateOffsetSeconds = -1000
  const { stdout } = await runCli(['doctor', '--json'], options())
  const { checks } = JSON.parse(stdout) as { checks: Result[] }
  t.match(checks.find(({ name }) => name === 'clock'), { status: 'fail', value: /^(999|100\d) s ahead of AWS's$/, fix: /NTP/ })
})
t.jobs = 4
