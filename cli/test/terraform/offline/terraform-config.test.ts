import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { canReachRegistry, writeTerraformConfig } from '../../../src/terraform/offline/terraform-config.ts'

t.test('writes what is asked for and nothing else', async (t) => {
  const file = join(t.testdir({}), 'terraform.rc')
  await writeTerraformConfig({ file, registryUrl: 'http://127.0.0.1:4000', providerMirror: '/some where/plugins' })
  const both = readFileSync(file, 'utf8')
  t.match(both, '"modules.v1"   = "http://127.0.0.1:4000/v1/modules/"')
  t.match(both, 'path    = "/some where/plugins"')
  t.match(both, 'include = ["registry.terraform.io/hashicorp/aws"]')

  await writeTerraformConfig({ file, registryUrl: 'http://127.0.0.1:4000' })
  t.notMatch(readFileSync(file, 'utf8'), 'provider_installation')
  await writeTerraformConfig({ file, providerMirror: '/plugins' })
  t.notMatch(readFileSync(file, 'utf8'), 'host ')
  await writeTerraformConfig({ file })
  t.equal(readFileSync(file, 'utf8'), '')
})

t.test('OpenTofu finds the same provider by the host that it looks for', async (t) => {
  process.env.FARGATE_CTL_TERRAFORM = 'tofu'
  t.teardown(() => delete process.env.FARGATE_CTL_TERRAFORM)
  const part = (host: string) => join(host, 'hashicorp', 'aws')
  const folder = t.testdir({ mirror: { 'registry.terraform.io': { hashicorp: { aws: { '5.100.0': { linux_amd64: { provider: 'the program' } }, 'aws_5.99.0.zip': 'an archive' } } } } })
  const file = join(folder, 'terraform.rc')
  await writeTerraformConfig({ file, registryUrl: 'http://127.0.0.1:4000', providerMirror: join(folder, 'mirror') })
  const text = readFileSync(file, 'utf8')
  t.match(text, 'host "registry.opentofu.org" {')
  t.match(text, 'include = ["registry.opentofu.org/hashicorp/aws"]')
  const [, mirror = ''] = /path {4}= "(.*)"/.exec(text) ?? []
  t.equal(readFileSync(join(mirror, part('registry.opentofu.org'), '5.100.0', 'linux_amd64', 'provider'), 'utf8'), 'the program')
  t.equal(readFileSync(join(mirror, part('registry.opentofu.org'), 'aws_5.99.0.zip'), 'utf8'), 'an archive')
})

t.test('the registry is reached when it says that it is one', async (t) => {
  t.equal(await canReachRegistry(await serve(t, (_, response) => response.end('{"modules.v1":"/v1/modules/"}'))), true)
})

t.test('the registry is not reached', async (t) => {
  const proxy = await serve(t, (_, response) => response.end('<html>Please log in</html>'))
  t.equal(await canReachRegistry(proxy), false, 'when a proxy answers in its place')
  const broken = await serve(t, (_, response) => response.writeHead(503).end('{"modules.v1":"/v1/modules/"}'))
  t.equal(await canReachRegistry(broken), false, 'when it is out of order')
  t.equal(await canReachRegistry('http://127.0.0.1:1/'), false, 'when nothing listens')
  t.equal(await canReachRegistry(await serve(t, () => undefined)), false, 'when it does not answer')
})

async function serve(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
