// @ts-check
import { createHash } from 'node:crypto'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { capture, run, which } from '../programs.mjs'
import { isStamped, stamp } from '../stamps.mjs'
import { versions } from '../versions.mjs'

/** @type {import('../programs.mjs').Step} */
export const terraform = {
  name: 'terraform',
  howTo: `install Terraform ${versions.terraformAtLeast} or newer: https://developer.hashicorp.com/terraform/install`,
  async find({ tools }) {
    const own = join(tools, 'bin', 'terraform')
    const stamped = await isStamped(join(tools, 'stamps', 'terraform'), versions.terraform)
    if (stamped && existsSync(own)) return `${versions.terraform} in .fargate-ctl`
    const text = which('terraform') && (await capture('terraform', ['version', '-json']))
    const version = /"terraform_version":\s*"([\d.]+)/.exec(text || '')?.[1] ?? ''
    return isAtLeast(version, versions.terraformAtLeast) ? version : undefined
  },
  async install({ tools, say }) {
    const name = `terraform_${versions.terraform}_${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}.zip`
    const base = `https://releases.hashicorp.com/terraform/${versions.terraform}`
    say(`downloading ${name}`)
    const [archive, sums] = await Promise.all([download(`${base}/${name}`), download(`${base}/terraform_${versions.terraform}_SHA256SUMS`)])
    const sum = createHash('sha256').update(archive).digest('hex')
    if (!sums.toString().split('\n').includes(`${sum}  ${name}`)) throw new Error(`${name} is not what its SHA256SUMS promise`)
    const work = join(tools, `terraform-${process.pid}`)
    await mkdir(work, { recursive: true })
    await writeFile(join(work, name), archive)
    await run('python3', ['-m', 'zipfile', '-e', join(work, name), work])
    await chmod(join(work, 'terraform'), 0o755)
    await mkdir(join(tools, 'bin'), { recursive: true })
    await run('mv', [join(work, 'terraform'), join(tools, 'bin', 'terraform')])
    await rm(work, { recursive: true, force: true })
    await stamp(join(tools, 'stamps', 'terraform'), versions.terraform)
  },
}

/** @param {string} url */
async function download(url) {
  const response = await fetch(url).catch((/** @type {Error} */ error) => {
    throw new Error(`${url} is out of reach`, { cause: error })
  })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

/**
 * @param {string} version
 * @param {string} least
 */
function isAtLeast(version, least) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}
