import { describeRepository, findImage } from '../../platform/aws/ecr.ts'
import { fail, ok, Skipped, warn, type Group, type Verdict } from '../check.ts'
import type { Facts } from '../facts.ts'

export const repository: Group = {
  name: 'ECR repository',
  checks: [
    { name: 'repository', neededBy: ['build', 'deploy'], look: async (facts) => ok((await readRepository(facts)).uri) },
    { name: 'immutable tags', neededBy: ['build', 'deploy'], look: lookAtTags },
    { name: 'scan on push', neededBy: ['build'], look: lookAtScan },
    { name: 'deployed image', neededBy: ['deploy'], look: lookAtImage },
  ],
}

async function readRepository({ settings }: Facts) {
  const { inputs } = await settings()
  return { ...(await describeRepository(inputs.repository_name, inputs.region)), region: inputs.region }
}

async function lookAtTags(facts: Facts): Promise<Verdict> {
  const { name, immutable, region } = await readRepository(facts)
  if (immutable) return ok('yes')
  const fix = `aws ecr put-image-tag-mutability --repository-name ${name} --region ${region} --image-tag-mutability IMMUTABLE`
  return warn('no: a tag may come to name another image than the one that was deployed', fix)
}

async function lookAtScan(facts: Facts): Promise<Verdict> {
  const { name, scanOnPush, region } = await readRepository(facts)
  if (scanOnPush) return ok('yes')
  const fix = `aws ecr put-image-scanning-configuration --repository-name ${name} --region ${region} --image-scanning-configuration scanOnPush=true`
  return warn("not by this repository; the registry's own settings may do it", fix)
}

/** What runs now has to be there for every task that starts. */
async function lookAtImage({ settings, outputs }: Facts): Promise<Verdict> {
  const [{ inputs }, { image }] = await Promise.all([settings(), outputs()])
  const [, name, tag] = /^[^/]+\/([^:@]+)[:@](.+)$/.exec(image ?? '') ?? []
  if (!image || !name || !tag) throw new Skipped("Terraform's outputs name no image")
  if (await findImage(name, tag, inputs.region)) return ok(image)
  return fail(`${image} is not in ECR any more: no new task can start`, 'Build and deploy again, and see that no lifecycle policy deletes images in use.')
}
