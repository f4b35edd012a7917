// bootstrap against the embedded AWS, with the real terraform and provider.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ECRClient, GetLifecyclePolicyCommand } from '@aws-sdk/client-ecr'
import { DeleteObjectCommand, GetBucketVersioningCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import t from 'tap'
import { provedTag } from '../../src/rollout/mark-proved.ts'
import { root, runCli } from '../support/cli.ts'
import { goodBackend } from '../support/findings.ts'
import { expire, type StoredImage } from '../support/lifecycle.ts'
import { skipFileWithout } from '../support/needs.ts'
import { writeProject } from '../support/project.ts'
import { prepareTerraform } from '../support/terraform-config.ts'

skipFileWithout('time', 'embedded AWS')
t.setTimeout(900_000)

const digestOf = (index: number) => `sha256:${String(index).padStart(64, '0')}`

t.test('nothing, a run that is killed before the state has moved, the same again, and a state that was lost', { timeout: 900_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fargate-ctl-bootstrap-'))
  const project = writeProject(join(folder, 'project'), { 'infrastructure/s3.tfbackend': goodBackend.replace('state-bucket', 'acme-state').replace('eu-central-1', 'us-east-1'), 'infrastructure/input.auto.tfvars': 'region = "us-east-1"\nenv    = "dev"\n' })
  cpSync(join(root, 'infrastructure', 'bootstrap'), join(project, 'infrastructure', 'bootstrap'), { recursive: true, filter: (path) => !/\.terraform$|tfstate/.test(path) })
  const embedded = (...args: string[]) => execFileSync('embedded-aws', [...args, '--state', join(folder, 'aws')], { encoding: 'utf8' })
  const { environment } = JSON.parse(embedded('start', '--json', '--engine', 'none', '--region', 'us-east-1', '--python', process.env.EMBEDDED_AWS_PYTHON ?? 'python3'))
  t.teardown(() => {
    embedded('stop', '--remove')
    rmSync(folder, { recursive: true, force: true })
  })
  const { file: TF_CLI_CONFIG_FILE, stop } = await prepareTerraform(folder)
  t.teardown(stop)
  const env: Record<string, string | undefined> = { ...environment.set, TF_CLI_CONFIG_FILE, FARGATE_CTL_SCRATCH: undefined }
  const args = ['bootstrap', '--github', 'acme/webapp', '--json']
  const bootstrap = (more: Record<string, string> = {}) => runCli([...args, '--auto-approve'], { cwd: project, env: { ...env, ...more } })
  const client = { region: 'us-east-1', endpoint: env.AWS_ENDPOINT_URL ?? '', credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' } }
  const s3 = new S3Client({ ...client, forcePathStyle: true })

  t.match(await runCli(args, { cwd: project, env }), { exitCode: 2, stderr: /no terminal to ask for approval/ })

  const dying = join(folder, 'terraform')
  writeFileSync(dying, '#!/bin/sh\ncase "$*" in *-migrate-state*) kill -9 $$ ;; esac\nexec terraform "$@"\n')
  chmodSync(dying, 0o755)
  const killed = await bootstrap({ FARGATE_CTL_TERRAFORM: dying })
  t.equal(killed.exitCode, 4, killed.stderr)
  t.match(killed.stderr, /✔ terraform apply/)

  const repeated = await bootstrap()
  t.equal(repeated.exitCode, 0, repeated.stderr)
  t.match(repeated.stderr, /No changes: the infrastructure is as described\.[^]*✔ Move the state to s3:\/\/acme-state\/bootstrap\/webapp\/terraform\.tfstate/)
  t.match(JSON.parse(repeated.stdout).outputs, { state_bucket: 'acme-state', repository_name: 'webapp', github_role_arns: { plan: /role\/github-webapp-plan$/, 'deploy-production': /role\/github-webapp-deploy-production$/ } })
  t.match(await s3.send(new GetBucketVersioningCommand({ Bucket: 'acme-state' })), { Status: 'Enabled' })

  const again = await bootstrap()
  t.match(again, { exitCode: 0, stderr: /No changes: the infrastructure is as described/ })
  t.notMatch(again.stderr, /Move the state/)

  await s3.send(new DeleteObjectCommand({ Bucket: 'acme-state', Key: 'bootstrap/webapp/terraform.tfstate' }))
  rmSync(join(project, '.fargate-ctl', 'bootstrap'), { recursive: true })
  const adopting = await bootstrap()
  t.equal(adopting.exitCode, 0, adopting.stderr)
  t.same(JSON.parse(adopting.stdout).adopted, ['aws_s3_bucket.state', 'aws_ecr_repository.this', 'aws_iam_openid_connect_provider.github[0]', 'aws_iam_role.github["plan"]', 'aws_iam_role.github["deploy-production"]'])
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'acme-state' }))
  t.same(Contents.map(({ Key }) => Key), ['bootstrap/webapp/terraform.tfstate'])

  const { lifecyclePolicyText: policy = '' } = await new ECRClient(client).send(new GetLifecyclePolicyCommand({ repositoryName: 'webapp' }))
  const now = new Date('2026-06-01T00:00:00Z')
  const images: StoredImage[] = Array.from({ length: 1500 }, (_, index) => {
    const content = index % 7 === 0 ? [] : [`content${index}`]
    const proved = index % 10 === 0 ? [provedTag('dev', digestOf(index))] : []
    return { digest: digestOf(index), tags: [...content, ...proved, ...(index % 50 === 1 ? [`v1.${index}`] : [])], pushedAt: new Date(Number(now) - index * 3_600_000) }
  })
  const gone = expire(policy, images, now)
  const kept = images.filter(({ tags }) => tags.some((tag) => /^(proved-|v)/.test(tag)))
  t.ok(gone.size > 500, `${gone.size} of ${images.length} go`)
  t.same(kept.filter(({ digest }) => gone.has(digest)), [], 'none that was proved, and no version')
  t.same(images.slice(0, 300).filter(({ digest, tags }) => tags.length > 0 && gone.has(digest)), [], 'none of the newest')
})
