import t from 'tap'
import { findAllowed, readConstraint } from '../../src/config/version-constraint.ts'
import { findingsWith } from '../support/findings.ts'

const versions = (required: string, provider = '~> 5.100') => `terraform {
  required_version = "${required}"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "${provider}"
    }
  }
}
`
const cases: [required: string, provider: string, findings: string[]][] = [
  ['>= 1.11', '~> 5.100', []],
  ['~> 1.11.4', '5.100.0', []],
  ['>=1.10,<2.0.0', '>= 5, != 5.99.0, < 6', []],
  ['>= 1.5', '~> 5.100', ['2:22 warning versions/no-lockfile']],
  ['~> 1.9.0', '~> 5.100', ['2:22 error versions/no-lockfile']],
  ['< 1.10', '~> 5.100', ['2:22 error versions/no-lockfile']],
  ['>= one', '~> 5.100', ['2:22 error versions/constraint']],
  ['>= 1.11', '=> 5', ['6:17 error versions/constraint']],
]

for (const [required, provider, expected] of cases) {
  t.test(`versions.tf: ${required} and ${provider}`, async (t) => {
    const found = await findingsWith(t, { 'versions.tf': versions(required, provider) })
    t.same(
      found,
      expected.map((place) => `versions.tf:${place}`),
    )
  })
}

t.test('no required_version', async (t) => {
  t.same(await findingsWith(t, { 'versions.tf': '# none\n' }), ['versions.tf:1:1 warning versions/missing'])
})

t.test('constraints mean what Terraform says', async (t) => {
  const allows = (text: string) => findAllowed(readConstraint(text) ?? [], [1, 10, 0])
  t.same(allows('~> 1.9'), { since: true, before: true })
  t.same(allows('~> 1.9.5'), { since: false, before: true })
  t.same(allows('~> 1'), { since: true, before: true })
  t.same(allows('= 1.11.4'), { since: true, before: false })
  t.same(allows('1.9.8'), { since: false, before: true })
  t.same(allows('> 1.10.0, < 1.10.2'), { since: true, before: false })
})
