import { readdirSync } from 'node:fs'
import t from 'tap'
import { runCli } from '../support/cli.ts'
import { deployScene as scene, webapp, type DeployScene } from '../support/deploy-scene.ts'

type Case = DeployScene & { env?: Record<string, string | undefined>; args?: string[]; exitCode: number; says: RegExp; verbs?: string[] }

const noCredentials = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_EC2_METADATA_DISABLED: 'true', AWS_PROFILE: undefined }
const refuse = (what: string, status: number, code: string) => ({ account: { ...webapp, refuse: { [what]: { status, code } } } })
const diagnostic = (summary: string, detail = '') => JSON.stringify({ severity: 'error', summary, detail })
const lock = diagnostic('Error acquiring the state lock', 'Lock Info:\n  ID:        1234-abcd\n  Who:       ann@laptop\n')
const tfvars = 'region = "eu-central-1"\nenv    = "dev"\n'
const planned = ['init', 'plan']
const approved = ['--tag', 'v1', '--auto-approve']

const cases: Record<string, Case> = {
  'image_tag in a file, which Terraform would prefer': {
    files: { 'infrastructure/input.auto.tfvars': `${tfvars}image_tag = "v0"\n` },
    exitCode: 2,
    says: /infrastructure\/input\.auto\.tfvars:3:1 error image_tag is set in a file; Terraform prefers that.*fix: Remove it: deploy chooses the tag\..*error: The configuration has 1 error\./s,
  },
  'image_tag in another file': {
    files: { 'infrastructure/dev.auto.tfvars': 'image_tag = "v0"\n' },
    exitCode: 2,
    says: /infrastructure\/dev\.auto\.tfvars:1:1 error image_tag is set in a file/,
  },
  'image_tag in a JSON file, with --build': {
    files: { 'infrastructure/dev.auto.tfvars.json': '{ "image_tag": "v0" }\n' },
    args: ['--build', '--auto-approve'],
    exitCode: 2,
    says: /infrastructure\/dev\.auto\.tfvars\.json:1:3 error image_tag is set in a file/,
  },
  'no terminal to ask, with --build': { args: ['--build'], exitCode: 2, says: /There is no terminal to ask for approval\..*fix: Add --auto-approve/s },
  'no bucket, with --build': { account: { ...webapp, buckets: [] }, args: ['--build', '--auto-approve'], exitCode: 4, says: /The state bucket state-bucket does not exist in eu-central-1\..*fix: Create it \(`aws s3api create-bucket/s },
  'the bucket is forbidden': { ...refuse('s3', 403, 'AccessDenied'), exitCode: 4, says: /does not allow this identity to use the state bucket state-bucket\..*fix: Ask for the permission/s },
  'the bucket is forbidden, which HEAD does not explain': { account: { ...webapp, bucketStatus: 403 }, exitCode: 4, says: /does not allow this identity to use the state bucket.*cause: HTTP 403\n.*s3:ListBucket/s },
  'the bucket is elsewhere': { account: { ...webapp, bucketStatus: 301 }, exitCode: 4, says: /The state bucket state-bucket is not in eu-central-1\..*get-bucket-location --bucket state-bucket/s },
  'the bucket is out of order': { account: { ...webapp, bucketStatus: 503 }, exitCode: 4, says: /Could not use the state bucket state-bucket\..*cause: HTTP 503\n.*fix: The fault is on the side of AWS/s },
  'no repository': { account: { repositories: {} }, exitCode: 4, says: /The ECR repository webapp does not exist in eu-central-1/ },
  'no credentials': { env: noCredentials, exitCode: 4, says: /AWS credentials are missing or no longer valid/ },
  'the session has expired': { ...refuse('sts', 403, 'ExpiredToken'), exitCode: 4, says: /AWS credentials are missing or no longer valid: could not ask AWS which account this is\./ },
  'AWS out of reach': { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, exitCode: 4, says: /AWS is out of reach.*fix: Check the network and the region/s },
  'a timeout that is none': { args: ['--timeout', '-1'], exitCode: 2, says: /'-1' is invalid\. a number of seconds above 0/ },
  'terraform is missing': { programs: { terraform: undefined }, env: { PATH: '' }, exitCode: 4, says: /The program terraform is not installed or not on PATH\..*fix: Install Terraform 1\.11 or newer/s },
  'terraform is too old': { env: { FAKE_INIT_ERROR: 'Unsupported Terraform Core version' }, exitCode: 4, says: /This Terraform is not one that the configuration asks for\..*fix: Install Terraform 1\.11/s, verbs: ['init'] },
  'terraform is too old for a project that is initialised': { env: { FAKE_PLAN_ERROR: diagnostic('Unsupported Terraform Core version') }, exitCode: 4, says: /This Terraform is not one that the configuration asks for/, verbs: ['init', 'plan'] },
  'terraform is no terraform': { programs: { terraform: 'say("hello"); return args[0] === "init" ? 0 : 3' }, exitCode: 4, says: /terraform plan failed\..*cause: hello/s },
  'no lock file': { files: { 'infrastructure/.terraform.lock.hcl': undefined }, env: { FAKE_INIT_ERROR: 'Provider dependency changes detected' }, exitCode: 4, says: /terraform init failed\..*Provider dependency changes detected/s, verbs: ['init'] },
  'the state is locked while planning': { env: { FAKE_PLAN_ERROR: lock }, exitCode: 6, says: /The state is locked \(lock 1234-abcd\); nothing was changed\..*held by ann@laptop/s, verbs: ['init', 'plan'] },
  'the state is locked while applying': { env: { FAKE_APPLY_ERROR: lock }, exitCode: 6, says: /The state is locked \(lock 1234-abcd\)/, verbs: [...planned, 'apply'] },
  'the plan is stale': { env: { FAKE_APPLY_ERROR: diagnostic('Saved plan is stale') }, exitCode: 5, says: /terraform apply failed\..*Saved plan is stale.*fix: .*run the same command again/s, verbs: [...planned, 'apply'] },
  'the output alb_url is gone': { env: { FAKE_ALB_URL: undefined }, exitCode: 5, says: /its output alb_url is no URL.*fix: Let infrastructure\/outputs\.tf/s, verbs: [...planned, 'apply'] },
  'nobody answers': { env: { FAKE_ALB_URL: 'http://127.0.0.1:9' }, args: [...approved, '--timeout', '1'], exitCode: 5, says: /did not answer with v1 within 1 s.*Serving: nothing that answers \(ECONNREFUSED/s, verbs: [...planned, 'apply'] },
  'another app answers': { served: { hello: 'world' }, args: [...approved, '--timeout', '1'], exitCode: 5, says: /not proved {2}app: HTTP 404 on \/healthz, and no \/version/, verbs: [...planned, 'apply'] },
}

for (const [name, { env = {}, args = approved, exitCode, says, verbs, ...more }] of Object.entries(cases)) {
  t.test(name, { buffered: true }, async (t) => {
    const { deploy, terraform, programs, aws, tmp } = await scene(t, more)
    const path = env.PATH === '' ? { PATH: programs.folder } : {}
    const result = await deploy([...args, '--json'], { ...env, ...path })
    t.equal(result.exitCode, exitCode, result.stderr)
    t.match(result.stderr, says)
    t.notMatch(result.stderr, /\n {4}at |node:internal/, 'no stack')
    t.equal(result.stdout, '')
    t.same(terraform().map(({ verb }) => verb), verbs ?? [], 'terraform did no more than this')
    t.notOk(programs.calls().some(([program, verb]) => program === 'docker' && /build|push|login/.test(verb ?? '')))
    t.notOk(aws.calls.includes('ecr PutImage'), 'nothing written')
    t.same(readdirSync(tmp), [], 'no plan is left behind')
  })
}

t.test('every problem is told at once, each remedy once, before anything is changed', async (t) => {
  const { deploy, terraform, aws } = await scene(t, { account: { ...webapp, bucketStatus: 301 } })
  const { exitCode, stderr } = await deploy(['--tag', 'v9', '--auto-approve'])
  t.equal(exitCode, 4)
  t.match(stderr, /^error: 2 problems\n {2}1\. The state bucket state-bucket is not in eu-central-1\.\n {5}cause: HTTP 301\n {5}fix: Set region .*\n {2}2\. There is no image webapp:v9 in ECR\.\n {5}fix: Name a tag that exists with --tag\.$/m)
  t.same(terraform(), [])
  t.notOk(aws.calls.some((call) => /Put|Create|Delete|Update|Register/.test(call)))
  const objects = { 'state-bucket/webapp/dev/terraform.tfstate.tflock': JSON.stringify({ ID: '1234-abcd', Who: 'ann@laptop' }) }
  const locked = await scene(t, { account: { ...webapp, objects } })
  t.match((await locked.deploy(['--tag', 'v9', '--auto-approve'])).stderr, /^warning: lock: lock 1234-abcd, held by ann@laptop\. Run `fargate-ctl unlock`/m)
  const all = await scene(t, { account: { repositories: {}, buckets: [] } })
  t.match((await all.deploy(['--build', '--auto-approve'])).stderr, /^error: 2 problems\n.*ECR repository webapp does not exist.*\n.*\n.*The state bucket state-bucket does not exist/m)
})

t.test('a state that could not be saved: what was applied is watched all the same, and the next deploy refuses', async (t) => {
  const { deploy, terraform, aws } = await scene(t)
  const unsaved = { FAKE_ERRORED_STATE: 'yes', FAKE_APPLY_ERROR: diagnostic('Failed to persist state to backend', 'kept') }
  const first = await deploy([...approved, '--json'], unsaved)
  t.equal(first.exitCode, 4, first.stderr)
  t.equal(first.stdout, '')
  t.ok(aws.calls.includes('ecs DescribeServices'), 'what ECS makes of it is watched')
  t.match(first.stderr, /✔ Wait for the proof that it serves.*error: Terraform has applied, but its state could not be written; it is kept in infrastructure\/errored\.tfstate\..*fix: Do not apply again before this: terraform -chdir=infrastructure state push errored\.tfstate/s)
  const calls = terraform().length
  const second = await deploy(approved)
  t.match(second, { exitCode: 2, stderr: /errored\.tfstate holds the state of an earlier apply.*fix: terraform -chdir=infrastructure state push errored\.tfstate && rm infrastructure\/errored\.tfstate/s })
  t.equal(terraform().length, calls, 'terraform is not asked')
})

t.test('a lock that could not be released after all was applied does not make it a failure', async (t) => {
  const { deploy } = await scene(t)
  const left = 'Error message: failed to delete the lock file: AccessDenied\nLock Info:\n  ID:        1234-abcd\n'
  const { exitCode, stderr, stdout } = await deploy([...approved, '--json'], { FAKE_STATE: '1', FAKE_APPLY_ERROR: diagnostic('Error releasing the state lock', left) })
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /warning: Terraform has applied and saved its state, but the lock .* is left\.\n.*fargate-ctl unlock 1234-abcd;/)
  t.match(JSON.parse(stdout), { version: '1.2.3' })
})

t.test('what a killed apply has left behind is named, with the command that takes it over', async (t) => {
  const errors: [object, RegExp][] = [
    [{ summary: 'creating ELBv2 Load Balancer (webapp-dev): DuplicateLoadBalancerName: A load balancer with the same name exists', address: 'module.alb.aws_lb.this[0]' }, /import 'module\.alb\.aws_lb\.this\[0\]' "\$\(aws elbv2 describe-load-balancers --names webapp-dev /],
    [{ summary: 'creating IAM Role (webapp-exec): EntityAlreadyExists: Role with name webapp-exec already exists.', address: 'aws_iam_role.exec' }, /import 'aws_iam_role\.exec' webapp-exec/],
    [{ summary: 'creating CloudWatch Logs Log Group (/aws/ecs/x): ResourceAlreadyExistsException: The specified log group already exists', address: 'aws_cloudwatch_log_group.this' }, /import 'aws_cloudwatch_log_group\.this' \/aws\/ecs\/x/],
  ]
  for (const [error, command] of errors) {
    const { deploy } = await scene(t)
    const { exitCode, stderr } = await deploy(approved, { FAKE_APPLY_ERROR: JSON.stringify({ severity: 'error', detail: '', ...error }) })
    t.equal(exitCode, 5)
    t.match(stderr, 'AWS has already what Terraform wanted to make')
    t.match(stderr, command)
  }
})

t.test('an image_tag in a file: no plan either, which would be of another image; build does not mind', async (t) => {
  const { deploy, terraform, options } = await scene(t, { files: { 'infrastructure/input.auto.tfvars': `${tfvars}image_tag = "v0"\n` } })
  t.equal((await deploy(['--tag', 'v1', '--plan-only'])).exitCode, 2)
  const build = await runCli(['build', '--no-push'], options())
  t.equal(build.exitCode, 0, build.stderr)
  t.match(build.stderr, /warning image_tag is set in a file/)
  t.same(terraform(), [])
})
t.jobs = 4
