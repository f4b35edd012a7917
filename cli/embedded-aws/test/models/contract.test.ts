// The contracts and the page of operations are what the pinned botocore says.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { findNewNames, readContract } from '../../models/contract.ts'
import { findPackages } from '../../models/packages.ts'
import { renderOperations } from '../../models/page.ts'
import { services } from '../../models/services.ts'
import type { Model } from '../../src/models/model.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('models', 'ministack')

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const packages = findPackages('models') ?? ''
const main = fileURLToPath(new URL('../../models/main.ts', import.meta.url))
const howTo = 'npm run models writes it anew'

for (const service of services) {
  t.same(JSON.parse(read(`src/models/${service.name}.json`)), JSON.parse(JSON.stringify(readContract(packages, service))), howTo)
}
t.equal(read('OPERATIONS.md'), renderOperations(packages, findPackages('python') ?? ''), howTo)

t.test('what a newer model has besides', async (t) => {
  const model = (operations: string[], members: string[], values: string[]): Model => ({
    source: 'test',
    operations: Object.fromEntries(operations.map((name) => [name, { errors: [] }])),
    shapes: {
      Request: { type: 'structure', members: Object.fromEntries(members.map((name) => [name, 'Kind'])) },
      Kind: { type: 'string', enum: values },
    },
  })
  const older = model(['Put'], ['name'], ['A'])
  t.same(findNewNames(older, older), [])
  t.same(findNewNames(older, model(['Get', 'Put'], ['name', 'since'], ['A', 'B'])), ['Get', 'Request.since', 'Kind.B'])
})

t.test('the run that looks for a newer model ends with exit code 1, and names what it has', async (t) => {
  const folder = t.testdir({})
  for (const { name, apiVersion } of services) {
    const path = join('botocore', 'data', name, apiVersion)
    mkdirSync(join(folder, path), { recursive: true })
    cpSync(join(packages, path, 'service-2.json.gz'), join(folder, path, 'service-2.json.gz'))
  }
  const look = () => {
    const { status, stdout } = spawnSync(process.execPath, [main, '--newer', folder], { encoding: 'utf8' })
    return { status, names: stdout.split('\n').filter(Boolean) }
  }
  t.same(look(), { status: 0, names: [] }, 'the same model has nothing new')
  const file = join(folder, 'botocore', 'data', 'ecs', '2014-11-13', 'service-2.json.gz')
  const newer = JSON.parse(gunzipSync(readFileSync(file)).toString())
  newer.operations.RestartTask = { name: 'RestartTask' }
  newer.shapes.Service.members.restartedAt = { shape: 'Timestamp' }
  newer.shapes.SchedulingStrategy.enum.push('WEEKLY')
  writeFileSync(file, gzipSync(JSON.stringify(newer)))
  t.same(look(), { status: 1, names: ['ecs: RestartTask', 'ecs: SchedulingStrategy.WEEKLY', 'ecs: Service.restartedAt'] })
})
