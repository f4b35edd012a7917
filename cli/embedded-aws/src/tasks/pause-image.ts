import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'
import { answers, type EngineApi } from '../engine/engine-api.ts'
import { loadImage, type Part } from './load-image.ts'

/**
 * The image whose container holds a task's network while the task's own containers come and go. Its name has a host, since
 * podman takes one without for an image of Docker Hub.
 */
export const pauseImage = 'localhost/embedded-aws/pause:1'

/** Machine code that waits for ever: pause(2) on x86-64, ppoll(2) without an end on arm64, again and again. */
const programs: Record<string, { machine: number; code: number[] }> = {
  amd64: { machine: 0x3e, code: [0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7] },
  arm64: {
    machine: 0xb7,
    // mov x0..x3, #0; mov x8, #73; svc #0; b to the start
    code: [0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800928, 0xd4000001, 0x17fffffa].flatMap((word) => [
      word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24,
    ]),
  },
}

/** Makes sure that the engine has the image; it is made on the spot, so that nothing has to be pulled. */
export async function ensurePauseImage(engine: EngineApi): Promise<void> {
  const known = await engine.read(answers.image, 'GET', `/images/${pauseImage}/json`).catch(() => undefined)
  if (known) return
  const { Arch: architecture } = await engine.read(answers.version, 'GET', '/version')
  const tar = pack()
  tar.entry({ name: 'pause', mode: 0o755 }, elf(architecture))
  tar.finalize()
  const layer = part(await buffer(tar))
  const description = { architecture, os: 'linux', config: { Entrypoint: ['/pause'] }, rootfs: { type: 'layers', diff_ids: [layer.digest] } }
  await loadImage(engine, pauseImage, part(Buffer.from(JSON.stringify(description))), [layer])
}

const part = (bytes: Buffer): Part => ({
  digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  size: bytes.length,
  open: async () => Readable.from([bytes]),
})

/** The smallest ELF file that Linux runs: header, one loadable segment, code. */
function elf(arch: string): Buffer {
  const program = programs[arch]
  if (!program) throw new Error(`no pause program for the architecture ${arch}`)
  const base = 0x400000n
  const headers = 64 + 56
  const file = Buffer.alloc(headers + program.code.length)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  file.writeUInt16LE(2, 16)
  file.writeUInt16LE(program.machine, 18)
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(base + BigInt(headers), 24)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(1, 64)
  file.writeUInt32LE(5, 68)
  file.writeBigUInt64LE(base, 80)
  file.writeBigUInt64LE(base, 88)
  file.writeBigUInt64LE(BigInt(file.length), 96)
  file.writeBigUInt64LE(BigInt(file.length), 104)
  file.writeBigUInt64LE(0x10000n, 112)
  file.set(program.code, headers)
  return file
}
