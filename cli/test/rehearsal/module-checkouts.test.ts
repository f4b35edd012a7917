import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findProject } from '../../src/platform/project.ts'
import { exportCheckouts } from '../../src/rehearsal/module-checkouts.ts'
import { packModules } from '../../src/terraform/offline/module-registry.ts'

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'init.defaultBranch=main', ...args], { cwd, stdio: 'pipe' })

/** A module's repository with one tag, on which main.tf says `old`; the branch has gone on. */
function makeCheckout(parent: string, name: string, tag: string): string {
  const folder = join(parent, name)
  mkdirSync(join(folder, 'modules', 'part'), { recursive: true })
  git(folder, 'init', '--quiet')
  for (const text of ['# old\n', '# new\n']) {
    writeFileSync(join(folder, 'main.tf'), text)
    writeFileSync(join(folder, 'modules', 'part', 'main.tf'), text)
    git(folder, 'add', '.')
    git(folder, 'commit', '--quiet', '--message', text)
    if (text === '# old\n') git(folder, 'tag', tag)
  }
  return folder
}

const call = (name: string, source: string, version: string) => `module "${name}" {\n  source  = "${source}"\n  version = "${version}"\n}\n`

function makeScene(t: Test, configuration: string) {
  const folder = t.testdir({ infrastructure: { 'main.tf': configuration }, checkouts: {} })
  return { project: findProject(folder), checkouts: join(folder, 'checkouts'), target: join(folder, 'modules') }
}

t.test('bare or not, named in either way, at the tag of the version, submodules included', async (t) => {
  const configuration = [
    call('vpc', 'acme/vpc/aws', '1.2.3'),
    call('service', 'registry.terraform.io/acme/ecs/aws//modules/part', '= 2.0.0'),
    'module "local" {\n  source = "./local"\n}\n',
  ]
  const { project, checkouts, target } = makeScene(t, configuration.join('\n'))
  makeCheckout(checkouts, 'terraform-aws-vpc', 'v1.2.3')
  git(checkouts, 'clone', '--quiet', '--bare', makeCheckout(join(project.root, 'sources'), 'ecs', '2.0.0'), 'ecs.git')
  await exportCheckouts(project, checkouts, target)
  const modules = await packModules(target)
  t.match(modules, [
    { source: 'acme/vpc/aws', version: '1.2.3' },
    { source: 'acme/ecs/aws', version: '2.0.0' },
  ])
  for (const { archive } of modules) {
    const read = (name: string) => execFileSync('tar', ['-xzOf', '-', name], { input: archive, encoding: 'utf8' })
    t.equal(read('main.tf'), '# old\n')
    t.equal(read('modules/part/main.tf'), '# old\n')
  }
  await exportCheckouts(project, checkouts, target)
  t.same(await packModules(target), modules, 'the same bytes each time')
})

t.test('what is missing is named', async (t) => {
  const { project, checkouts, target } = makeScene(t, call('vpc', 'acme/vpc/aws', '1.2.3'))
  await t.rejects(exportCheckouts(project, join(checkouts, 'none'), target), { exitCode: 2, message: /^There is no folder .*none\.$/ })
  await t.rejects(exportCheckouts(project, checkouts, target), {
    exitCode: 4,
    message: /^There is no checkout of acme\/vpc\/aws in .*checkouts\.$/,
    fix: 'Clone it there: git clone https://github.com/acme/terraform-aws-vpc',
  })
  makeCheckout(checkouts, 'vpc', 'v1.2.2')
  await t.rejects(exportCheckouts(project, checkouts, target), {
    exitCode: 4,
    message: /checkouts\/vpc has no tag v1\.2\.3 or 1\.2\.3\.$/,
    fix: /^Fetch it: git -C .*checkouts\/vpc fetch origin tag v1\.2\.3$/,
  })
})

t.test('a version has to be one version', async (t) => {
  const { project, checkouts, target } = makeScene(t, call('vpc', 'acme/vpc/aws', '~> 1.2'))
  await t.rejects(exportCheckouts(project, checkouts, target), {
    exitCode: 2,
    message: 'infrastructure/ does not say which version of module "vpc" it wants: ~> 1.2.',
  })
})
