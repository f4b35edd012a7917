import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { runCli } from './cli.ts'
import { startFakeAws, type FakeAccount } from './fake-aws.ts'
import { fakeDocker } from './fake-docker.ts'
import { fakePrograms } from './fake-programs.ts'
import { commitAll, writeProject } from './project.ts'

export type BuildScene = {
  files?: Record<string, string | undefined>
  account?: Partial<FakeAccount>
  /** Programs to put on PATH besides a docker that works, or instead of it. */
  programs?: Record<string, string | undefined>
}

/** A committed project, an AWS account and a container engine, none of them real. */
export async function buildScene(t: Test, { files = {}, account = {}, programs: more = {} }: BuildScene = {}) {
  const project = writeProject(t.testdir({}), files)
  commitAll(project)
  const aws = await startFakeAws(structuredClone(account))
  t.teardown(() => aws.close())
  const programs = fakePrograms(join(t.testdirName, 'bin'), { docker: fakeDocker, ...more })
  const tmp = join(project, 'tmp')
  mkdirSync(tmp)
  writeFileSync(join(project, '.git/info/exclude'), 'bin/\ntmp/\nsecret.env\ndist/\nlocal.json\n')
  const options = (env: Record<string, string | undefined> = {}) => ({ cwd: project, path: [programs.folder], env: { ...aws.env, TMPDIR: tmp, ...env } })
  const build = (args: string[] = [], env?: Record<string, string | undefined>) => runCli(['build', ...args], options(env))
  const dockerCalls = () => programs.calls().filter(([name]) => name === 'docker')
  return { project, tmp, aws, programs, build, options, dockerCalls }
}
