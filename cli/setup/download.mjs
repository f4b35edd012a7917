// @ts-check
import { createHash } from 'node:crypto'

/** Long enough for a slow line, short enough for a machine that reaches no release at all. */
const answerSeconds = 5

/** The release cannot be had from here; another way may be open. */
export class Unreachable extends Error {}

/**
 * Downloads a file and compares it with its checksum.
 * @param {string} url
 * @param {string} sha256
 * @returns {Promise<Buffer>}
 * @throws Unreachable; Error when the file is not the one that was pinned
 */
export async function download(url, sha256) {
  const response = await ask(mirrored(url))
  const file = Buffer.from(await response.arrayBuffer())
  const found = createHash('sha256').update(file).digest('hex')
  if (found !== sha256) throw new Error(`${url} has the sha256 ${found} and not ${sha256}; nothing was installed`)
  return file
}

/** @param {string} url */
async function ask(url) {
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), answerSeconds * 1000)
  try {
    const response = await fetch(url, { signal: patience.signal })
    if (!response.ok) throw new Unreachable(`${url} answers ${response.status}`)
    return response
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable(`${url} is out of reach`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/**
 * FARGATE_CTL_RELEASES names a mirror that has the hosts of the releases as folders.
 * @param {string} url
 */
function mirrored(url) {
  const mirror = process.env.FARGATE_CTL_RELEASES
  return mirror ? url.replace('https:/', mirror.replace(/\/$/, '')) : url
}
