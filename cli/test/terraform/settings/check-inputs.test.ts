import t from 'tap'
import { findingsWith, readWith, variables } from '../../support/findings.ts'

const good = 'region = "eu-central-1"\nenv    = "dev"\n'
const more = `variable "cpu" {
  type    = number
  default = 256
}
variable "zones" {
  type    = list(string)
  default = []
}
variable "tags" {
  type    = map(string)
  default = {}
}
variable "alarm" {
  type = object({
    email = string
    after = optional(number, 5)
  })
  default = null
}
variable "debug" {
  type     = bool
  nullable = false
  default  = false
}
`

const cases: Record<string, [inputs: string, findings: string[]]> = {
  'nothing wrong': [good, []],
  'a mistyped name': [`${good}cup = 512\n`, ['3:1 error inputs/unknown-key']],
  'a name given twice': [`${good}env = "dev"\n`, ['3:1 error inputs/duplicate-key']],
  'a word for a number': [`${good}cpu = "many"\n`, ['3:7 error inputs/type']],
  'a number for a bool': [`${good}debug = 1\n`, ['3:9 error inputs/type']],
  'a string for a list': [`${good}zones = "a"\n`, ['3:9 error inputs/type']],
  'a list in a list': [`${good}zones = [\n  "a",\n  ["b"],\n]\n`, ['3:9 error inputs/type']],
  'an object in a map': [`${good}tags = {\n  a = "b"\n  c = {}\n}\n`, ['3:8 error inputs/type']],
  'an object with a gap and a typo': [
    `${good}alarm = {\n  emial = "a"\n}\n`,
    ['3:9 error inputs/type'],
  ],
  'what Terraform converts': [`${good}cpu = "512"\ndebug = "true"\nname = 12\ntags = { a = 1, b = true }\n`, []],
  'null for what is nullable, or has a default': [`${good}alarm = null\ndebug = null\n`, []],
  'a variable': [`${good}cpu = var.x\n`, ['3:7 error inputs/not-literal']],
  'a bare word': [`${good}name = webapp\n`, ['3:8 error inputs/not-literal']],
  'a function in a list': [`${good}zones = ["a", upper("b")]\n`, ['3:15 error inputs/not-literal']],
  'arithmetic and comprehensions over literals': [`${good}cpu = 2 * 256\nzones = [for zone in ["a"] : zone]\n`, []],
  'a block': [`${good}tags {\n  a = "b"\n}\n`, ['3:1 error inputs/block']],
  'the tag': [`${good}image_tag = "v1"\n`, ['3:1 warning inputs/image-tag']],
}

for (const [name, [inputs, expected]] of Object.entries(cases)) {
  t.test(`input.auto.tfvars: ${name}`, async (t) => {
    const found = await findingsWith(t, { 'variables.tf': variables(more), 'input.auto.tfvars': inputs })
    t.same(
      found.filter((each) => !each.includes('other-region')),
      expected.map((place) => `input.auto.tfvars:${place}`),
    )
  })
}

t.test("values have Terraform's precedence", async (t) => {
  const files = {
    'variables.tf': variables(more),
    'terraform.tfvars': 'name = "first"\nrepository_name = "first"\n',
    'input.auto.tfvars': `${good}name = "second"\n`,
    'z.auto.tfvars.json': '{ "name": "third" }',
  }
  process.env.TF_VAR_name = 'from the environment'
  process.env.TF_VAR_zones = '["a", "b"]'
  t.teardown(() => ['name', 'zones'].forEach((name) => delete process.env[`TF_VAR_${name}`]))
  const { findings, settings } = await readWith(t, files)
  t.same(findings, [])
  t.match(settings?.inputs, { name: 'third', repository_name: 'first', region: 'eu-central-1' })
})

t.test('what is wrong with TF_VAR_… is told at the variable, without its value', async (t) => {
  process.env.TF_VAR_cpu = 'hush'
  process.env.TF_VAR_zones = '["hush"'
  t.teardown(() => ['cpu', 'zones'].forEach((name) => delete process.env[`TF_VAR_${name}`]))
  const { findings } = await readWith(t, { 'variables.tf': variables(more) })
  t.match(findings, [
    { file: 'infrastructure/variables.tf', line: 18, column: 1, rule: 'inputs/type', message: /TF_VAR_cpu/ },
    { file: 'infrastructure/variables.tf', line: 22, column: 1, rule: 'terraform/unterminated-tuple-constructor-expression', message: /TF_VAR_zones/ },
  ])
  t.notMatch(JSON.stringify(findings), /hush/)
})

t.test('broken JSON is told at its place', async (t) => {
  t.same(await findingsWith(t, { 'a.auto.tfvars.json': '{\n  "name": x\n}' }), ['a.auto.tfvars.json:2:11 error terraform/invalid-json-keyword'])
})

t.test('variables may be declared in any file', async (t) => {
  const files = { 'more.tf': 'variable "size" {\n  type = number\n}\n', 'input.auto.tfvars': `${good}size = 1\n` }
  t.same(await findingsWith(t, files), [])
  t.same(await findingsWith(t, { ...files, 'input.auto.tfvars': good }), ['more.tf:1:1 error inputs/missing-key'])
})
