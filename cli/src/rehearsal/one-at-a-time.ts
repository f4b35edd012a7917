import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliError } from '../platform/errors.ts'

/** The path of a socket may have some hundred characters only. */
const longest = 100

/**
 * Lets one rehearsal of a clone be made or taken down at a time. Whoever is at work listens at a socket, so that one who
 * died is no obstacle.
 * @throws CliError `stateLocked` while another one is at work
 */
export async function oneAtATime<T>(scratch: string, work: () => Promise<T>): Promise<T> {
  const near = join(scratch, 'rehearsal.sock')
  const socket = near.length <= longest ? near : join(tmpdir(), `fargate-ctl-${createHash('sha256').update(near).digest('hex').slice(0, 16)}.sock`)
  if (await isTaken(socket)) {
    throw new CliError('stateLocked', 'Another rehearsal is at work in this folder.', {
      fix: 'Wait until it has ended, or interrupt it, and run this again. A copy of the repository has a rehearsal of its own.',
    })
  }
  await mkdir(scratch, { recursive: true })
  await rm(socket, { force: true })
  const server = createServer((asking) => asking.destroy()).listen(socket)
  await once(server, 'listening')
  server.unref()
  try {
    return await work()
  } finally {
    server.close()
  }
}

function isTaken(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = connect({ path }, () => {
      asking.destroy()
      resolve(true)
    })
    asking.on('error', () => resolve(false))
  })
}
