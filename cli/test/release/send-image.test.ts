// An image that the engine saves and this machine uploads: as docker saves one, and as newer ones do, with packed layers.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import t from 'tap'
import { sendImage } from '../../src/release/send-image.ts'
import { fakePrograms } from '../support/fake-programs.ts'

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

t.test('what the engine saved is uploaded: its description as it is, its layers packed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fargate-ctl-send-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [config, plain, packed] = [Buffer.from('{"architecture":"amd64"}'), Buffer.from('a layer'), gzipSync('another layer')]
  const archive = pack()
  archive.entry({ name: 'config.json' }, config)
  archive.entry({ name: 'one/layer.tar' }, plain)
  archive.entry({ name: 'blobs/sha256/two' }, packed)
  archive.entry({ name: 'manifest.json' }, JSON.stringify([{ Config: 'config.json', RepoTags: ['app:1'], Layers: ['one/layer.tar', 'blobs/sha256/two'] }]))
  archive.finalize()
  writeFileSync(join(folder, 'image.tar'), await buffer(archive))
  const { folder: programs, calls } = fakePrograms(join(folder, 'bin'), {
    podman: `fs.copyFileSync(${JSON.stringify(join(folder, 'image.tar'))}, args[args.indexOf('--output') + 1])`,
  })
  const before = process.env.PATH
  process.env.PATH = `${programs}${delimiter}${before}`
  t.teardown(() => (process.env.PATH = before))

  const received = new Map<string, Buffer>()
  const registry = createServer(async (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://registry')
    const body = await buffer(req)
    if (req.method === 'HEAD') return void res.writeHead(404).end()
    if (req.method === 'POST') return void res.writeHead(202, { Location: `${pathname}upload` }).end()
    received.set(searchParams.get('digest') ?? pathname, body)
    res.writeHead(201).end()
  })
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void registry.close())
  const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`
  await sendImage('podman', '127.0.0.1:1/app:1', { url, name: 'app', username: 'AWS', password: 'secret' }, '1')

  t.match(calls()[0], ['podman', 'save', '--output', /image\.tar$/, '127.0.0.1:1/app:1'])
  const manifest = JSON.parse(String(received.get('/v2/app/manifests/1'))) as { config: { digest: string }; layers: { digest: string; size: number }[] }
  t.equal(manifest.config.digest, digestOf(config), 'the engine knows the image by it')
  t.same(received.get(manifest.config.digest), config)
  const [first, second] = manifest.layers.map(({ digest }) => received.get(digest) ?? Buffer.alloc(0))
  t.same(gunzipSync(first as Buffer), plain)
  t.same(second, packed, 'a packed layer stays as it is')
})
