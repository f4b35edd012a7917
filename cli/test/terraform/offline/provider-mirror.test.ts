import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findProviderMirror, providerVersion } from '../../../src/terraform/offline/provider-mirror.ts'

const arch = process.arch === 'x64' ? 'amd64' : process.arch
const here = `${process.platform}_${arch}`

/** A mirror's folders, with the provider for `platform`. */
const mirror = (platform = here, version = providerVersion) => ({
  'registry.terraform.io': { hashicorp: { aws: { [version]: { [platform]: { 'terraform-provider-aws': '' } } } } },
})

t.test('looks for the locked version', async (t) => {
  const lock = readFileSync(fileURLToPath(new URL('../../../../infrastructure/.terraform.lock.hcl', import.meta.url)), 'utf8')
  t.match(lock, `"${providerVersion}"`)
})

t.test('first where TF_CLI_CONFIG_FILE says', async (t) => {
  const dir = t.testdir({ configured: mirror(), home: { '.terraform.d': { plugins: mirror() } } })
  const env = { HOME: join(dir, 'home'), TF_CLI_CONFIG_FILE: join(dir, 'terraform.rc') }
  t.equal(await findProviderMirror({ env, roots: [] }), join(dir, 'home/.terraform.d/plugins'), 'the file need not exist')
  t.testdir({
    configured: mirror(),
    home: { '.terraform.d': { plugins: mirror() } },
    'terraform.rc': `provider_installation {\n  filesystem_mirror {\n    include = ["*/*"]\n    path = "${dir}/configured"\n  }\n}`,
  })
  t.equal(await findProviderMirror({ env, roots: [] }), join(dir, 'configured'))
})

t.test('then where Terraform looks by itself', async (t) => {
  const dir = t.testdir({ data: { terraform: { plugins: mirror() } }, cache: mirror() })
  const env = { HOME: join(dir, 'home') }
  const plugins = join(dir, 'data/terraform/plugins')
  t.equal(await findProviderMirror({ env: { ...env, XDG_DATA_HOME: join(dir, 'data') }, roots: [] }), plugins)
  t.equal(await findProviderMirror({ env: { ...env, XDG_DATA_DIRS: `/nowhere:${join(dir, 'data')}` }, roots: [] }), plugins)
  t.equal(await findProviderMirror({ env: { ...env, TF_PLUGIN_CACHE_DIR: join(dir, 'cache') }, roots: [] }), join(dir, 'cache'))
})

t.test('then anywhere on the disk, as far as is reasonable', async (t) => {
  const deep = { a: { b: { c: { d: { e: { f: { g: mirror() } } } } } } }
  const dir = t.testdir({
    wrong: { version: mirror(here, '5.0.0'), platform: mirror('plan9_mips') },
    project: { '.terraform': { providers: mirror() }, node_modules: { package: mirror() } },
    tooDeep: deep,
    disk: { vendor: { terraform: mirror() } },
    archives: {
      'registry.terraform.io': { hashicorp: { aws: { [`terraform-provider-aws_${providerVersion}_${here}.zip`]: '' } } },
    },
  })
  const env = { HOME: join(dir, 'home') }
  const find = (...roots: string[]) => findProviderMirror({ env, roots: roots.map((root) => join(dir, root)) })
  t.equal(await find('nowhere', 'wrong', 'disk'), join(dir, 'disk/vendor/terraform'))
  t.equal(await find('archives'), join(dir, 'archives'))
  t.equal(await find('wrong', 'project', 'tooDeep'), undefined)
})
