import { findPublicAccess, isVersioned, readEncryption, requireBucket } from '../../platform/aws/s3.ts'
import { settingsFile } from '../../platform/project.ts'
import { describeLock, readStateLock } from '../../terraform/state-lock.ts'
import { ok, skip, warn, type Group, type Verdict } from '../check.ts'
import type { Facts } from '../facts.ts'

export const state: Group = {
  name: 'State bucket',
  checks: [
    { name: 'bucket', neededBy: ['deploy'], look: lookAtBucket },
    { name: 'versioned', neededBy: ['deploy'], look: lookAtVersions },
    { name: 'encrypted', neededBy: ['deploy'], look: lookAtEncryption },
    { name: 'private', neededBy: ['deploy'], look: lookAtAccess },
    { name: 'locking', neededBy: ['deploy'], look: lookAtLocking },
    { name: 'lock', neededBy: ['deploy'], beforeDeploy: true, look: lookAtLock },
  ],
}

const readBackend = async ({ settings }: Facts) => (await settings()).backend

async function lookAtBucket(facts: Facts): Promise<Verdict> {
  const backend = await readBackend(facts)
  await requireBucket(backend)
  return ok(`${backend.bucket} in ${backend.region}`)
}

async function lookAtVersions(facts: Facts): Promise<Verdict> {
  const backend = await readBackend(facts)
  if (await isVersioned(backend)) return ok('yes')
  const fix = `aws s3api put-bucket-versioning --bucket ${backend.bucket} --versioning-configuration Status=Enabled`
  return warn('no: a state that is overwritten or deleted cannot be had back', fix)
}

async function lookAtEncryption(facts: Facts): Promise<Verdict> {
  const backend = await readBackend(facts)
  const algorithm = await readEncryption(backend)
  if (algorithm) return ok(algorithm)
  const rules = '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}'
  return warn('no', `aws s3api put-bucket-encryption --bucket ${backend.bucket} --server-side-encryption-configuration '${rules}'`)
}

async function lookAtAccess(facts: Facts): Promise<Verdict> {
  const backend = await readBackend(facts)
  const off = await findPublicAccess(backend)
  if (off.length === 0) return ok('the public is kept out')
  const all = 'BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true'
  return warn(`off: ${off.join(', ')}`, `aws s3api put-public-access-block --bucket ${backend.bucket} --public-access-block-configuration ${all}`)
}

async function lookAtLocking(facts: Facts): Promise<Verdict> {
  const { use_lockfile: locks } = await readBackend(facts)
  return locks ? ok('use_lockfile') : warn('no lock file: two deployments at once overwrite each other', `Set use_lockfile = true in ${settingsFile('backend')}.`)
}

async function lookAtLock(facts: Facts): Promise<Verdict> {
  const backend = await readBackend(facts)
  if (!backend.use_lockfile) return skip('there is no lock file')
  const lock = await readStateLock(backend)
  return lock ? warn(describeLock(lock), 'Run `fargate-ctl unlock`: it says whether its holder still runs.') : ok('free')
}
