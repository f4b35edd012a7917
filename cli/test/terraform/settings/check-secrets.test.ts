import t from 'tap'
import { findingsWith, readWith, variables } from '../../support/findings.ts'

const good = 'region = "eu-central-1"\nenv = "dev"\n'
const declared = variables(`variable "db_password" {
  default = ""
}
variable "secret_arn" {
  default = ""
}
variable "extra" {
  default = null
}
`)
// Put together here, so that no scanner takes this file for a leak.
const keyId = `AKIA${'IOSFODNN7EXAMPLE'}`
const secretKey = `wJalrXUtnFEMI/K7MDENG/${'bPxRfiCYEXAMPLEKEY'}`

const cases: Record<string, [inputs: string, findings: string[]]> = {
  'a password': ['db_password = "hunter2"\n', ['3:15']],
  'no password': ['db_password = ""\n', []],
  'where a secret is': ['secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x"\n', []],
  'a key id in a comment': [`# was ${keyId}\n`, ['3:7']],
  'a key id in a heredoc': [`extra = <<EOT\n  ${keyId}\nEOT\n`, ['4:3']],
  'a secret key under any name': [`extra = ["a", "${secretKey}"]\n`, ['3:15']],
  'a token in an object': ['extra = {\n  a = 1\n  api_token = "hush"\n}\n', ['5:15']],
  'a private key': [`extra = <<EOT\n-----BEGIN RSA ${'PRIVATE KEY-----'}\nEOT\n`, ['4:1']],
  "a commit's hash": ['extra = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"\n', []],
}

for (const [name, [inputs, expected]] of Object.entries(cases)) {
  t.test(`secrets: ${name}`, async (t) => {
    const found = await findingsWith(t, { 'variables.tf': declared, 'input.auto.tfvars': good + inputs })
    t.same(
      found,
      expected.map((place) => `input.auto.tfvars:${place} warning secrets/literal`),
    )
  })
}

t.test('secrets are not repeated in findings, and defaults are looked at as well', async (t) => {
  const { findings } = await readWith(t, {
    'variables.tf': declared.replace('""', '"hush-default"'),
    'input.auto.tfvars': `${good}db_password = "hush-input"\n`,
  })
  t.match(
    findings.map(({ file, line }) => `${file}:${line}`),
    ['infrastructure/input.auto.tfvars:3', 'infrastructure/variables.tf:19'],
  )
  t.notMatch(JSON.stringify(findings), /hush/)
})
