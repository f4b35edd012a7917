// The contracts and the page of operations are what the pinned botocore says.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
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
