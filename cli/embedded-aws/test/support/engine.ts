import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { execa } from 'execa'
import type { EmbeddedAws } from './embedded-aws.ts'

/** ECS's name of the architecture that the test image has. */
export const cpuArchitecture = process.arch === 'arm64' ? 'ARM64' : 'X86_64'

/** What docker prints. @throws Error with all that it said */
export async function docker(...args: string[]): Promise<string> {
  return (await execa('docker', args)).stdout
}

/** Pushes the test image to the embedded registry. @returns removes the tag that the engine needed for it */
export async function pushTestImage(target: string, client: EmbeddedAws['client']): Promise<() => Promise<void>> {
  await docker('tag', testImage(), target)
  await push(target, client)
  return async () => void (await execa('docker', ['rmi', '--no-prune', target], { reject: false }))
}

/** Gives the tag in the registry to another image, which does the same. */
export async function pushMovedImage(target: string, client: EmbeddedAws['client']): Promise<void> {
  await execa('docker', ['build', '--quiet', '--tag', target, '-'], { input: `FROM ${testImage()}\nLABEL moved=yes\n` })
  await push(target, client)
}

/** Logs in as ECR wants it, with a configuration of its own that nobody else's logins get into. */
async function push(target: string, client: EmbeddedAws['client']): Promise<void> {
  const { authorizationData: [login] = [] } = await new ECRClient(client).send(new GetAuthorizationTokenCommand({}))
  const folder = await mkdtemp(join(tmpdir(), 'embedded-aws-docker-'))
  const auths = { [target.split('/')[0] ?? '']: { auth: login?.authorizationToken } }
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths }))
  await execa('docker', ['push', '--quiet', target], { env: { DOCKER_CONFIG: folder } })
  await rm(folder, { recursive: true })
}

/** What test-app/ was built as. */
function testImage(): string {
  const image = process.env.EMBEDDED_AWS_TEST_IMAGE
  if (image) return image
  throw new Error('EMBEDDED_AWS_TEST_IMAGE names no image: run the tests with `node cli/test/run.ts FILE`')
}
