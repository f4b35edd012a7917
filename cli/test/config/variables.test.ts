import t from 'tap'
import { findingsWith, readWith, variables } from '../support/findings.ts'

const inputs = (more: string) => `region = "eu-central-1"\nenv = "dev"\n${more}`

/** The rest of variables.tf begins in line 18. */
const declarations: Record<string, [text: string, findings: string[]]> = {
  'an unknown argument': ['variable "a" {\n  defualt = 1\n}\n', ['19:3 error variables/unknown-key']],
  'an unknown type': ['variable "a" {\n  type    = strnig\n  default = 1\n}\n', ['19:13 error variables/type']],
  'a default of another type': [
    'variable "a" {\n  type    = number\n  default = "x"\n}\n',
    ['20:13 error variables/default'],
  ],
  'a null that is forbidden': [
    'variable "a" {\n  nullable = false\n  default  = null\n}\n',
    ['20:14 error variables/default'],
  ],
  'a default that is computed': ['variable "a" {\n  default = var.b\n}\n', ['19:13 error variables/not-literal']],
  'a name taken twice': ['variable "name" {\n  default = "a"\n}\n', ['18:1 error variables/duplicate']],
  'half a validation': [
    'variable "a" {\n  default = 1\n  validation {\n    condition = true\n  }\n}\n',
    ['20:3 error variables/validation'],
  ],
  'every type there is': [
    'variable "a" {\n  default = null\n' +
      '  type = object({ a = list(string), b = optional(set(number)), c = map(bool), d = tuple([any, string]) })\n}\n',
    [],
  ],
}

for (const [name, [text, expected]] of Object.entries(declarations)) {
  t.test(`variables.tf: ${name}`, async (t) => {
    t.same(
      await findingsWith(t, { 'variables.tf': variables(text) }),
      expected.map((place) => `variables.tf:${place}`),
    )
  })
}

t.test('a variable that fargate-ctl reads has to be there', async (t) => {
  const found = await findingsWith(t, {
    'variables.tf': variables('').replace(/variable "repository_name"[^}]*}\n/, ''),
  })
  t.same(found, ['variables.tf:1:1 error variables/missing'])
})

const port = `variable "port" {
  type    = number
  default = 8080
  validation {
    condition     = var.port >= 1024 && floor(var.port) == var.port
    error_message = "port must be a whole number of at least 1024, not \${var.port}."
  }
}
variable "least" {
  type    = number
  default = 2
}
variable "most" {
  type    = number
  default = 6
  validation {
    condition     = var.most >= var.least
    error_message = "most must be at least as large as least."
  }
}
variable "token" {
  type      = string
  sensitive = true
  default   = null
  validation {
    condition     = var.token == null ? true : length(var.token) > 5
    error_message = "\${var.token} is too short."
  }
}
variable "odd" {
  default = "x"
  validation {
    condition     = filesha256(var.odd) == "y"
    error_message = "Only Terraform can tell."
  }
}
`

t.test('a value that its validation refuses', async (t) => {
  const { findings } = await readWith(t, {
    'variables.tf': variables(port),
    'input.auto.tfvars': inputs('port = 80\n'),
  })
  t.equal(findings.length, 1)
  t.match(findings[0], {
    file: 'infrastructure/input.auto.tfvars',
    line: 3,
    column: 8,
    rule: 'inputs/validation',
    message: 'The value of "port" is not valid: port must be a whole number of at least 1024, not 80.',
    fix: 'Change the value; the rule is in infrastructure/variables.tf:22.',
  })
})

t.test('a default that another value makes invalid is told at that value', async (t) => {
  const found = await findingsWith(t, { 'variables.tf': variables(port), 'input.auto.tfvars': inputs('least = 9\n') })
  t.same(found, ['input.auto.tfvars:3:9 error inputs/validation'])
})

t.test('a sensitive value is not quoted', async (t) => {
  const { findings } = await readWith(t, {
    'variables.tf': variables(port),
    'input.auto.tfvars': inputs('token = "hush"\n'),
  })
  t.match(findings, [{ rule: 'inputs/validation' }, { rule: 'secrets/literal' }])
  t.notMatch(JSON.stringify(findings), /hush/)
})
