import t from 'tap'
import { findingsWith, goodBackend, readWith, variables } from '../support/findings.ts'

const good = 'region = "eu-central-1"\nenv = "dev"\n'

const broken: Record<string, [inputs: string, place: string]> = {
  'a string without an end': [`${good}name = "web\n`, '3:12'],
  'no value': [`${good}name =\n`, '3:7'],
  'two arguments in a line': [`${good}name = "a" repository_name = "b"\n`, '3:12'],
  'a colon': [`${good}name: "a"\n`, '3:1'],
  'a quoted name': [`${good}"name" = "a"\n`, '3:1'],
  'single quotes': [`${good}name = 'a'\n`, '3:8'],
  'an unknown escape': [`${good}name = "a\\q"\n`, '3:10'],
  'a list without commas': [`${good}name = [1 2]\n`, '3:11'],
  'a heredoc without an end': [`${good}name = <<EOT\nweb\n`, '3:8'],
  'an object without an end': [`${good}name = {\n  a = 1\n`, '3:8'],
  'a value in the next line': [`${good}name =\n  "web"\n`, '3:7'],
  'a comment without an end': [`${good}/* name = "a"\n`, '3:1'],
  'combined characters before it': [`${good}name = "e\u0301😀日本" x\n`, '3:15'],
  'Windows line ends': [`${good}name = "a" x\n`.replaceAll('\n', '\r\n'), '3:12'],
}

for (const [name, [inputs, place]] of Object.entries(broken)) {
  t.test(`syntax: ${name}`, async (t) => {
    const found = await findingsWith(t, { 'input.auto.tfvars': inputs })
    t.equal(found[0], `input.auto.tfvars:${place} error syntax`)
    t.equal(found.length, 1, 'one mistake, one finding')
  })
}

const right: Record<string, string> = {
  'comments of all kinds': `# env = "x" "\n// region = \n/* nme = 1\n*/ ${good}`,
  'comment signs in strings': `${good}name = "a#b//c/*d"\n`,
  escapes: `${good}name = "a\\"b\\\\ \\u00e9 $\${x} %%{y}"\n`,
  heredocs: `${good}name = <<-EOT\n    env = "x" "\n    nme = \\q\n  EOT\nmore = <<X\n}\nX\n`,
  'a byte order mark': `\uFEFF${good}`,
  'Windows line ends': good.replaceAll('\n', '\r\n'),
  'no newline at the end': good.trimEnd(),
  'a numeral with an exponent': good + 'name = 1e5\n',
}

for (const [name, inputs] of Object.entries(right)) {
  t.test(`no false alarm: ${name}`, async (t) => {
    const files = { 'input.auto.tfvars': inputs, 'variables.tf': variables('variable "more" {\n  default = ""\n}\n') }
    t.same(await findingsWith(t, files), [])
  })
}

t.test("the message is HashiCorp's own", async (t) => {
  const { findings } = await readWith(t, { 'input.auto.tfvars': `${good}name = "web\n` })
  t.match(findings, [{ message: 'Invalid multi-line string.', fix: /heredoc/ }])
})

t.test('one mistake hides neither the others nor what is right', async (t) => {
  const backend = 'bucket = \nkey = "webapp/dev/x" y\nregion = "mars"\nencrypt = true\nuse_lockfile = [\n  1 2\n]\n'
  t.same(await findingsWith(t, { 's3.tfbackend': backend }), [
    's3.tfbackend:1:10 error syntax',
    's3.tfbackend:2:22 error syntax',
    's3.tfbackend:3:10 error backend/region',
    's3.tfbackend:3:10 warning backend/other-region',
    's3.tfbackend:6:5 error syntax',
  ])
})

t.test('a broken variables.tf is told once, not for every value that it should declare', async (t) => {
  const found = await findingsWith(t, {
    'variables.tf': 'variable "region" {\n  type = string\n\nvariable "env" {\n}\n',
  })
  t.same(found, ['variables.tf:1:19 error syntax'])
})

t.test("the original's own files pass with warnings", async (t) => {
  const backend = `# where the state is
bucket         = "my-terraform-state"
key            = "fargate/terraform.tfstate" // one for all
region         = "eu-central-1"
dynamodb_table = "my-lock-table"
encrypt        = true
`
  const { findings, settings } = await readWith(t, {
    's3.tfbackend': backend,
    'input.auto.tfvars': 'region = "eu-central-1"\nenv    = "dev"',
  })
  t.match(findings, [{ rule: 'backend/env-not-in-key' }, { rule: 'backend/deprecated-key' }])
  t.equal(findings.length, 2)
  t.match(settings, {
    backend: { bucket: 'my-terraform-state', useLockfile: false },
    inputs: { env: 'dev', name: 'webapp' },
  })
})

// What needs the square of the length of these does not end before the test's time is up.
t.test('large and deep files are read', async (t) => {
  const large = `# ${'x'.repeat(2_500_000)}\nname = "${'y'.repeat(2_500_000)}"\n${good}nme = 1\n`
  t.same(await findingsWith(t, { 'input.auto.tfvars': large }), ['input.auto.tfvars:5:1 error inputs/unknown-key'])
  const deep: Record<string, string> = {
    brackets: '['.repeat(1e6),
    sum: `${'1+'.repeat(1e6)}1`,
    minus: `${'-'.repeat(1e6)}1`,
    braces: '{a='.repeat(1e6),
  }
  for (const [name, value] of Object.entries(deep)) {
    const found = await findingsWith(t, { 'input.auto.tfvars': `${good}name = ${value}\n` })
    t.match(found, [/^input.auto.tfvars:3:\d+ error syntax$/], name)
  }
})

t.test('goodBackend is good', async (t) => t.same(await findingsWith(t, { 's3.tfbackend': goodBackend }), []))
