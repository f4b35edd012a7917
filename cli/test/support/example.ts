import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { runCli } from './cli.ts'
import { copyProject } from './copy-project.ts'
import { findNodeBase } from './engine.ts'
import { startFakeAws } from './fake-aws.ts'

/** A project of its own with the example for its app. It is not in tap's folder, which tests of linters may not ignore. */
export function exampleProject(t: Test, example: string): string {
  const folder = copyProject(mkdtempSync(join(tmpdir(), `fargate-ctl-${example}-`)), example)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Gets busybox, linked statically, into the example that serves with it. */
export function addBusybox(project: string): void {
  const application = join(project, 'application')
  const work = mkdtempSync(join(tmpdir(), 'fargate-ctl-busybox-'))
  execFileSync('apt-get', ['download', 'busybox-static'], { cwd: work, stdio: 'pipe' })
  const [archive = ''] = readdirSync(work)
  execFileSync('dpkg-deb', ['-x', archive, '.'], { cwd: work })
  copyFileSync(join(work, 'bin', 'busybox'), join(application, 'busybox'))
  chmodSync(join(application, 'busybox'), 0o755)
  rmSync(work, { recursive: true })
}

/** Builds the project's app as its owner would, and starts it as ECS would: not as root, on a read-only file system. */
export async function runImage(t: Test, project: string): Promise<{ url: string; json: Record<string, unknown> }> {
  const aws = await startFakeAws({})
  t.teardown(() => aws.close())
  const env = { ...aws.env, FARGATE_CTL_SCRATCH: undefined, FARGATE_CTL_BASE_IMAGE: await findNodeBase() }
  const { exitCode, stdout, stderr } = await runCli(['build', '--no-push', '--json'], { cwd: project, env })
  if (exitCode !== 0) throw new Error(stderr)
  const json = JSON.parse(stdout) as { repository: string; tag: string }
  const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' }).trim()
  const image = `${json.repository}:${json.tag}`
  const id = docker('run', '--detach', '--read-only', '--user', '1000:1000', '--publish', '127.0.0.1::8080', '--env', 'PORT=8080', image)
  t.teardown(() => {
    docker('rm', '--force', id)
    docker('rmi', image)
  })
  return { url: `http://${docker('port', id, '8080')}`, json }
}
