import { once } from 'node:events'
import { openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import selfsigned from 'selfsigned'
import type { Test } from 'tap'
import type { EngineAddress } from '../../src/engine/address.ts'
import { createEngineApi } from '../../src/engine/engine-api.ts'
import { waitFor } from './wait-for.ts'

/**
 * A dockerd in a network namespace of its own, which is to this one as another machine is: its loopback and its
 * containers are not ours. It speaks TLS and wants a certificate. Needs root.
 */
export async function startElsewhere(t: Test): Promise<EngineAddress> {
  const name = `ea${process.pid}`
  const [own, address] = [1, 2].map((last) => `10.231.${process.pid % 256}.${last}`) as [string, string]
  const folder = await mkdtemp(join(tmpdir(), 'embedded-aws-elsewhere-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await makeNamespace(t, name, own, address)
  await makeCertificates(folder, address)
  const file = (path: string) => join(folder, path)
  const tls = ['--tlsverify', '--tlscacert', file('ca.pem'), '--tlscert', file('cert.pem'), '--tlskey', file('key.pem')]
  const places = ['--data-root', file('data'), '--exec-root', file('exec'), '--pidfile', file('pid')]
  const log = openSync(file('log'), 'a')
  const dockerd = spawn('nsenter', [`--net=/run/netns/${name}`, 'dockerd', '--host', `tcp://${address}:2376`, ...tls, ...places], { stdio: ['ignore', log, log] })
  const ended = once(dockerd, 'exit')
  t.teardown(async () => {
    dockerd.kill('SIGTERM')
    await ended
  })
  const engine = { host: `tcp://${address}:2376`, tls: { folder, verify: true } }
  const api = await createEngineApi(engine)
  await waitFor('the other engine answers', async () => {
    if (dockerd.exitCode !== null) throw new Error(readFileSync(file('log'), 'utf8').slice(-2000))
    return api.call('GET', '/_ping').then(() => true, () => false)
  }).finally(api.close)
  return engine
}

async function makeNamespace(t: Test, name: string, own: string, address: string): Promise<void> {
  const ip = (words: string) => execa('ip', words.split(' '))
  await ip(`netns add ${name}`)
  t.teardown(() => ip(`netns del ${name}`))
  await ip(`link add ${name} type veth peer name ${name}p`)
  await ip(`link set ${name}p netns ${name}`)
  await ip(`addr add ${own}/30 dev ${name}`)
  await ip(`link set ${name} up`)
  await ip(`-netns ${name} addr add ${address}/30 dev ${name}p`)
  await ip(`-netns ${name} link set ${name}p up`)
  await ip(`-netns ${name} link set lo up`)
  await ip(`-netns ${name} route add default via ${own}`)
}

/** One that both sides show and trust. */
async function makeCertificates(folder: string, address: string): Promise<void> {
  const { private: key, cert } = await selfsigned.generate([{ name: 'commonName', value: address }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 24 * 3600 * 1000),
    extensions: [
      { name: 'subjectAltName', altNames: [{ type: 7, ip: address }] },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    ],
  })
  for (const [name, text] of [['ca.pem', cert], ['cert.pem', cert], ['key.pem', key]] as const) await writeFile(join(folder, name), text)
}
