import { execa } from 'execa'

/** ECS's name of the architecture that the test image has. */
export const cpuArchitecture = process.arch === 'arm64' ? 'ARM64' : 'X86_64'

/** What docker prints. @throws Error with all that it said */
export async function docker(...args: string[]): Promise<string> {
  return (await execa('docker', args)).stdout
}

/** Pushes the test image to the embedded registry. @returns removes the tag that the engine needed for it */
export async function pushTestImage(target: string): Promise<() => Promise<void>> {
  await docker('tag', testImage(), target)
  await docker('push', '--quiet', target)
  return async () => void (await execa('docker', ['rmi', '--no-prune', target], { reject: false }))
}

/** Gives the tag in the registry to another image, which does the same. */
export async function pushMovedImage(target: string): Promise<void> {
  await execa('docker', ['build', '--quiet', '--tag', target, '-'], { input: `FROM ${testImage()}\nLABEL moved=yes\n` })
  await docker('push', '--quiet', target)
}

/** What test-app/ was built as. */
function testImage(): string {
  const image = process.env.EMBEDDED_AWS_TEST_IMAGE
  if (image) return image
  throw new Error('EMBEDDED_AWS_TEST_IMAGE names no image: run the tests with `node cli/test/run.ts FILE`')
}
