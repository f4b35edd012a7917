import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import t from 'tap'
import { packModules, serveModuleRegistry } from '../../../src/terraform/offline/module-registry.ts'

const served = {
  'modules.json': JSON.stringify({ vpc: { source: 'acme/vpc/aws', version: '5.21.0' } }),
  vpc: {
    'main.tf': 'resource "aws_vpc" "this" {}\n',
    nested: { 'variables.tf': '# nested\n' },
    '.terraform': { 'modules.json': '{}' },
  },
  'not-named': { 'main.tf': '' },
}

t.test('packs the folders that modules.json names, the same bytes every time', async (t) => {
  const dir = t.testdir(served)
  const [first, again] = [await packModules(dir), await packModules(dir)]
  t.same(first, again)
  t.match(first, [{ source: 'acme/vpc/aws', version: '5.21.0' }])
  t.same(await unpack(first[0]?.archive ?? Buffer.of()), {
    'main.tf': 'resource "aws_vpc" "this" {}\n',
    'nested/variables.tf': '# nested\n',
  })
})

t.test('speaks the module registry protocol', async (t) => {
  const registry = await serveModuleRegistry(t.testdir(served))
  t.teardown(registry.close)
  const base = `${registry.url}/v1/modules/acme/vpc/aws`
  t.equal(new URL(base).hostname, '127.0.0.1')

  const versions = await fetch(`${base}/versions`)
  t.same(await versions.json(), { modules: [{ versions: [{ version: '5.21.0' }] }] })

  const download = await fetch(`${base}/5.21.0/download`)
  t.equal(download.status, 204)
  const archive = await fetch(new URL(download.headers.get('X-Terraform-Get') ?? '', download.url))
  t.match(await unpack(Buffer.from(await archive.arrayBuffer())), { 'main.tf': String })

  for (const path of ['acme/vpc/google/versions', 'acme/alb/aws/versions', 'acme/vpc/aws/5.20.0/download']) {
    t.equal((await fetch(`${registry.url}/v1/modules/${path}`)).status, 404, path)
  }
})

async function unpack(archive: Buffer): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for await (const entry of Readable.from(archive).pipe(createGunzip()).pipe(extract())) {
    files[entry.header.name] = await text(entry)
  }
  return files
}
