import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readConfiguration } from '../../../src/terraform/settings/read-configuration.ts'
import { projectIn } from '../../support/findings.ts'
import { writeProject } from '../../support/project.ts'

const spoilt: Record<string, [spoil: (path: string) => void, finding: string]> = {
  'a folder': [(path) => mkdirSync(path), '1:1 error file/folder'],
  'a link to nowhere': [(path) => symlinkSync('/nowhere/at/all', path), '1:1 error file/missing'],
  'a merge conflict': [(path) => writeFileSync(path, '# x\n<<<<<<< HEAD\n# a\n=======\n# b\n>>>>>>> other\n'), '2:1 error file/merge-conflict'],
  'UTF-16 without a mark': [(path) => writeFileSync(path, '# x y z\n', 'utf16le'), '1:1 error file/encoding'],
  'a named pipe': [(path) => void execFileSync('mkfifo', [path]), '1:1 error file/unreadable'],
  'a NUL byte': [(path) => writeFileSync(path, '# é\n# e\u0301 \0\n'), '2:5 error file/nul-byte'],
  'not UTF-8': [
    (path) => writeFileSync(path, Buffer.from([0x23, 0x0a, 0x23, 0x20, 0xff, 0x0a])),
    '2:3 error file/encoding',
  ],
  'UTF-16': [(path) => writeFileSync(path, '\uFEFF# x\n', 'utf16le'), '1:1 error file/encoding'],
}

for (const name of ['s3.tfbackend', 'input.auto.tfvars', 'variables.tf', 'versions.tf', 'state.tf']) {
  for (const [what, [spoil, expected]] of Object.entries(spoilt)) {
    t.test(`${name}: ${what}`, async (t) => {
      const root = writeProject(t.testdir({}))
      const infrastructure = join(root, 'infrastructure')
      rmSync(join(infrastructure, name))
      spoil(join(infrastructure, name))
      const { findings, settings } = await readConfiguration(projectIn(root))
      const found = findings.map(({ line, column, severity, rule }) => `${line}:${column} ${severity} ${rule}`)
      t.same(found, [expected])
      t.equal(findings[0]?.file, `infrastructure/${name}`)
      t.equal(settings, undefined)
    })
  }
}

const missing: Record<string, string[]> = {
  's3.tfbackend': ['infrastructure/s3.tfbackend:1 file/missing'],
  'input.auto.tfvars': ['infrastructure/variables.tf:1 inputs/missing-key', 'infrastructure/variables.tf:5 inputs/missing-key'],
  'variables.tf': ['infrastructure/variables.tf:1 file/missing'],
  'versions.tf': ['infrastructure/versions.tf:1 versions/missing'],
  'state.tf': ['infrastructure/state.tf:1 backend/missing-block'],
}
for (const [name, expected] of Object.entries(missing)) {
  t.test(`${name}: missing`, async (t) => {
    const root = writeProject(t.testdir({}), { [`infrastructure/${name}`]: undefined })
    const { findings } = await readConfiguration(projectIn(root))
    t.same(findings.map(({ file, line, rule }) => `${file}:${line} ${rule}`), expected)
  })
}

t.test('what a missing file is for may be in another one', async (t) => {
  const root = writeProject(t.testdir({}), {
    'infrastructure/versions.tf': undefined,
    'infrastructure/state.tf': undefined,
    'infrastructure/terraform.tf': 'terraform {\n  required_version = ">= 1.11"\n  backend "s3" {}\n}\n',
  })
  const { findings } = await readConfiguration(projectIn(root))
  t.same(findings, [])
})
