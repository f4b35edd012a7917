// @ts-check
import { aptInstall, asRoot, capture, which } from '../programs.mjs'

/** @type {import('../programs.mjs').Step} */
export const engine = {
  name: 'container engine',
  howTo: process.platform === 'darwin' ? 'brew install colima docker && colima start' : 'sudo apt-get install docker.io',
  async find() {
    for (const name of ['docker', 'podman', 'finch']) {
      // finch is nerdctl, which lists its server's components instead of one version.
      const args = name === 'finch' ? ['info', '--format', '{{.ServerVersion}}'] : ['version', '--format', '{{.Server.Version}}']
      const version = which(name) && (await capture(name, args))
      if (version) return `${name} ${version}`
    }
    return (await canStart()) ? 'dockerd, which the rehearsal starts' : undefined
  },
  async install({ say }) {
    await aptInstall(['docker.io'], 'images are built and tasks run in a container engine', say)
  },
}

/** dockerd is started by root alone, and not beside an address that somebody chose. */
async function canStart() {
  return which('dockerd') !== undefined && which('docker') !== undefined && !process.env.DOCKER_HOST && (await asRoot())?.length === 0
}
