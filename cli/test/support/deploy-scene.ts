import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { runCli } from './cli.ts'
import { startFakeAws, type FakeAccount } from './fake-aws.ts'
import { deployedService, digest } from './fake-service.ts'
import { fakeDocker } from './fake-docker.ts'
import { fakePrograms } from './fake-programs.ts'
import { fakeTerraform } from './fake-terraform.ts'
import { writeProject } from './project.ts'

export { digest } from './fake-service.ts'
/** An account with the image webapp:v1. */
export const webapp = { repositories: { webapp: { immutable: true, images: { v1: { digest } } } } }

export type DeployScene = {
  files?: Record<string, string | undefined>
  account?: Partial<FakeAccount>
  /** Whether Terraform's state has outputs from the start. */
  deployed?: boolean
  /** What the app answers on /version, or a text for its 503, or all that it answers. */
  served?: object | string | ((path: string) => { status: number; body: string })
  /** Programs to put on PATH besides, or instead of, a docker and a terraform that work. */
  programs?: Record<string, string | undefined>
}
type TerraformCall = { verb?: string; args?: string[]; tag?: string; digest?: string; data?: string; signal?: string }


/** A project, an AWS account, a terraform and an app that answers, none of them real. */
export async function deployScene(
  t: Test,
  { files = {}, account = webapp, served = { version: '1.2.3', imageTag: 'v1', imageDigest: digest }, deployed = false, programs: more = {} }: DeployScene = {},
) {
  const project = writeProject(t.testdir({}), files)
  const answers = { ...deployedService(), ...account.answers }
  const aws = await startFakeAws({ ...account, answers, ...structuredClone({ repositories: account.repositories ?? {} }) })
  const app = createServer((request, response) => {
    if (typeof served === 'string') return void response.writeHead(503).end(served)
    if (typeof served !== 'function') return void response.writeHead(request.url === '/version' ? 200 : 404).end(JSON.stringify(served))
    const { status, body } = served(request.url ?? '/')
    response.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  t.teardown(async () => {
    app.close()
    await aws.close()
  })
  const url = `http://127.0.0.1:${(app.address() as AddressInfo).port}`
  const programs = fakePrograms(join(project, 'bin'), { docker: fakeDocker, terraform: fakeTerraform, ...more })
  const tmp = join(project, 'tmp')
  mkdirSync(tmp)
  // What serves is not watched for a crash for another half minute.
  const env = { ...aws.env, ...(deployed ? { FAKE_STATE: '1' } : {}), FARGATE_CTL_BAKE: '0', TMPDIR: tmp, FAKE_ALB_URL: url, FAKE_PLAN: JSON.stringify({ 'module.ecs.a': 'create', 'module.ecs.b': 'update' }) }
  const options = (more: Record<string, string | undefined> = {}) => ({ cwd: project, path: [programs.folder], env: { ...env, ...more } })
  const infrastructure = join(project, 'infrastructure')
  return {
    aws,
    url,
    programs,
    tmp,
    infrastructure,
    options,
    deploy: (args: string[], more?: Record<string, string | undefined>) => runCli(['deploy', ...args], options(more)),
    terraform: () =>
      existsSync(join(infrastructure, 'terraform.log'))
        ? readFileSync(join(infrastructure, 'terraform.log'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as TerraformCall)
        : [],
  }
}
