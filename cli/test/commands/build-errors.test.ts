import { readdirSync } from 'node:fs'
import t from 'tap'
import { realTerraform } from '../support/fake-terraform.ts'
import { buildScene as scene, type BuildScene } from '../support/build-scene.ts'

type Case = BuildScene & {
  env?: Record<string, string | undefined>
  args?: string[]
  exitCode: number
  says: RegExp
  /** Only what goes wrong later than the checks may have called the engine for a build. */
  built?: boolean
}

const noCredentials = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_EC2_METADATA_DISABLED: 'true', AWS_PROFILE: undefined }
const refuse = (what: string, status: number, code: string) => ({ account: { refuse: { [what]: { status, code } } } })
const signIn = /AWS credentials are missing or no longer valid.*fix: Sign in \(`aws sso login`/s
const broken = (files: Record<string, string | undefined>) => ({ files })

const cases: Record<string, Case> = {
  'no credentials at all': { env: noCredentials, exitCode: 4, says: signIn },
  'a profile that does not exist': { env: { ...noCredentials, AWS_PROFILE: 'nobody' }, exitCode: 4, says: signIn },
  'a key that AWS does not know': { ...refuse('sts', 403, 'InvalidClientTokenId'), exitCode: 4, says: signIn },
  'ECR: the token has expired': { ...refuse('ecr', 400, 'ExpiredTokenException'), exitCode: 4, says: signIn },
  'ECR: 401': { ...refuse('ecr', 401, 'Unauthorized'), exitCode: 4, says: signIn },
  'ECR: 403': { ...refuse('ecr', 403, 'Forbidden'), exitCode: 4, says: /AWS does not allow this identity to read the ECR repository webapp\..*fix: Ask for the permission/s },
  'ECR: 429': { ...refuse('ecr', 429, 'TooManyRequestsException'), exitCode: 4, says: /AWS asks for patience: could not read the ECR repository webapp\..*fix: .*wait a minute/s },
  'ECR: throttled': { ...refuse('ecr', 400, 'ThrottlingException'), exitCode: 4, says: /AWS asks for patience/ },
  'ECR: the clock is wrong': { account: { refuse: { ecr: { status: 403, code: 'InvalidSignatureException', message: 'Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)' } } }, exitCode: 4, says: /The clock of this machine is wrong.*Signature expired.*fix: Set it/s },
  'the push is refused for the clock': { env: { FAKE_PUSH_ERROR: 'denied: Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z' }, exitCode: 4, says: /fix: The clock of this machine is wrong/, built: true },
  'ECR: out of order': { ...refuse('ecr', 500, 'ServerException'), exitCode: 4, says: /Could not read the ECR repository webapp\.\n.*cause: ServerException: refused/s },
  'ECR: images may not be listed': { ...refuse('ecr DescribeImages', 400, 'AccessDeniedException'), exitCode: 4, says: /does not allow this identity to look for webapp:[0-9a-f]{16} in ECR/ },
  'ECR: no login': { ...refuse('ecr GetAuthorizationToken', 400, 'AccessDeniedException'), exitCode: 4, says: /does not allow this identity to get a login for ECR/, built: true },
  'ECR: the second tag is refused': { ...refuse('ecr BatchGetImage', 400, 'AccessDeniedException'), args: ['--tag', 'v1'], exitCode: 4, says: /does not allow this identity to tag webapp@sha256:b+ as v1/, built: true },
  'an empty repository name': { ...broken({ 'infrastructure/input.auto.tfvars': 'region = "eu-central-1"\nenv = "dev"\nrepository_name = ""\n' }), exitCode: 2, says: /input\.auto\.tfvars:3:19 error An ECR repository's name has 2 to 256 characters; this one has 0\./ },
  'a repository name that cannot be': { ...broken({ 'infrastructure/input.auto.tfvars': 'region = "eu-central-1"\nenv = "dev"\nrepository_name = "Web App"\n' }), exitCode: 2, says: /input\.auto\.tfvars:3:19 error This cannot be the name of an ECR repository\..*fix: Use 2 to 256/s },
  'no Dockerfile': { ...broken({ 'application/Dockerfile': undefined }), exitCode: 2, says: /There is no Dockerfile in .*application\..*fix: Put the app/s },
  'package.json is no JSON': { ...broken({ 'application/package.json': '{ "version": }' }), exitCode: 2, says: /application\/package\.json is no JSON\..*fix: Correct it/s },
  'the bundle script fails': { ...broken({ 'application/package.json': '{ "scripts": { "bundle": "echo no such module >&2; exit 3" } }' }), exitCode: 4, says: /The script "bundle" of .*package\.json failed\.\n.*cause: no such module\n.*fix: Run it alone/s },
  'the docker of PATH is no program': { programs: { docker: undefined, terraform: realTerraform }, env: { PATH: '' }, exitCode: 4, says: /The program docker is not installed or not on PATH\..*fix: Run `npm run setup`/s },
  'an engine from the environment that is none': { env: { FARGATE_CTL_ENGINE: 'rkt' }, exitCode: 2, says: /FARGATE_CTL_ENGINE.*Allowed choices are docker, podman, finch/s },
  'the login is refused': { env: { FAKE_LOGIN_ERROR: 'Error response from daemon: login attempt failed with status: 401 Unauthorized' }, exitCode: 4, says: /Could not log in at http.*cause: .*401 Unauthorized.*fix: ECR did not take the login/s, built: true },
  'the push is refused with 403': { env: { FAKE_PUSH_ERROR: 'denied: User: arn:aws:iam::123456789012:user/x is not authorized to perform: ecr:InitiateLayerUpload' }, exitCode: 4, says: /Could not push .*fix: Ask for the permissions to push/s, built: true },
  'the push is refused with 429': { env: { FAKE_PUSH_ERROR: 'toomanyrequests: Rate exceeded' }, exitCode: 4, says: /fix: ECR asks for patience/, built: true },
  'the push breaks off': { env: { FAKE_PUSH_ERROR: 'write tcp: broken pipe' }, exitCode: 4, says: /cause: write tcp: broken pipe.*fix: .*run the same command again/s, built: true },
  'the builder keeps the image to itself': { programs: { docker: 'if (args[0] === "version") say("28.2.2")' }, exitCode: 4, says: /the docker engine has no such image.*fix: Build with the engine's own builder: `BUILDX_BUILDER=default/s, built: true },
  'the image is for another platform': { env: { FAKE_PLATFORM: 'linux/arm64' }, exitCode: 4, says: /docker made an image for linux\/arm64, not for linux\/amd64\./, built: true },
  'package.json is null': { ...broken({ 'application/package.json': 'null' }), exitCode: 2, says: /package\.json is JSON, but no package\.json\..*fix: Write an object/s },
  'a .dockerignore in UTF-16': { ...broken({ 'application/.dockerignore': '\0a\0' }), exitCode: 2, says: /\.dockerignore is no UTF-8 text.*fix: Save it as UTF-8/s },
  'the tag latest': { args: ['--tag', 'Latest'], exitCode: 2, says: /A tag names one image for good, and latest does not/ },
  'an address of another region': { args: ['--region', 'eu-central-1', '--repository', '123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp'], exitCode: 2, says: /--region says eu-central-1, and the address of the repository says us-east-1/ },
  'the push lies': { programs: { docker: 'if (args[0] === "version") say("28.2.2"); if (args[0] === "build") fs.writeFileSync(args[args.indexOf("--iidfile") + 1], "x"); if (args[0] === "image") say("linux/amd64")' }, exitCode: 4, says: /The push ended well, but ECR has no webapp:[0-9a-f]{16}\..*fix: Run the build again/s, built: true },
}

for (const [name, { env = {}, args = [], exitCode, says, built = false, ...more }] of Object.entries(cases)) {
  t.test(name, { buffered: true }, async (t) => {
    const { build, dockerCalls, aws, programs, tmp, project } = await scene(t, more)
    const path = env.PATH === '' ? { PATH: programs.folder } : {}
    const result = await build([...args, '--json'], { ...env, ...path })
    t.equal(result.exitCode, exitCode, result.stderr)
    t.match(result.stderr, says)
    t.notMatch(result.stderr, /\n {4}at |node:internal/, 'no stack')
    t.equal(result.stdout, '')
    t.equal(dockerCalls().some(([, verb]) => verb === 'build'), built)
    if (!built) t.notOk(aws.calls.some((call) => /GetAuthorizationToken|PutImage/.test(call)), 'nothing written')
    t.same(readdirSync(tmp), [], 'no login is left behind')
    t.notOk(readdirSync(project).includes('building'))
  })
}
t.jobs = 4
