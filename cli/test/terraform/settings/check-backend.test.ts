import t from 'tap'
import { findingsWith, goodBackend, readWith } from '../../support/findings.ts'

const cases: Record<string, [backend: string, findings: string[]]> = {
  'nothing wrong': [goodBackend, []],
  'a mistyped argument': [goodBackend.replace('region ', 'regoin '), ['3:1 error backend/unknown-key']],
  'an argument that is none': [`${goodBackend}colour = "red"\n`, ['6:1 error backend/unknown-key']],
  'an argument given twice': [`${goodBackend}  key = "x/dev/y"\n`, ['6:3 error backend/duplicate-key']],
  'nothing at all': [
    '',
    [
      '1:1 error backend/missing-key',
      '1:1 error backend/missing-key',
      '1:1 error backend/missing-key',
      '1:1 warning backend/no-locking',
      '1:1 warning backend/no-encryption',
    ],
  ],
  'null is missing': [goodBackend.replace('"state-bucket"', 'null'), ['1:1 error backend/missing-key']],
  'a bool that is none': [goodBackend.replace('= true\nuse', '= "yes"\nuse'), ['4:16 error backend/type']],
  'a list where a string belongs': [
    goodBackend.replace('"state-bucket"', '["state-bucket"]'),
    ['1:16 error backend/type'],
  ],
  'what Terraform converts': [`${goodBackend.replace('= true\nuse', '= "true"\nuse')}max_retries = "3"\n`, []],
  'a variable': [goodBackend.replace('"state-bucket"', 'var.bucket'), ['1:16 error backend/not-literal']],
  'a function, inside a string': [goodBackend.replace('webapp/', '${lower("A")}/'), ['2:19 error backend/not-literal']],
  'an upper case bucket': [goodBackend.replace('state-bucket', 'State'), ['1:16 error backend/bucket']],
  'a bucket like an address': [goodBackend.replace('state-bucket', '10.0.0.1'), ['1:16 error backend/bucket']],
  'a short bucket': [goodBackend.replace('state-bucket', 'ab'), ['1:16 error backend/bucket']],
  'a key that begins with a slash': [goodBackend.replace('"webapp', '"/webapp'), ['2:16 error terraform/invalid-value']],
  'a key with a double slash': [goodBackend.replace('webapp/', 'webapp//'), ['2:16 error terraform/invalid-value']],
  'a region with a typo': [
    goodBackend.replace('central', 'centrl'),
    ['3:16 error backend/region'],
  ],
  'a zone for a region': [
    goodBackend.replace('central-1', 'central-1a'),
    ['3:16 error backend/region'],
  ],
  'any region, when its check is off': [
    `${goodBackend.replace('central-1', 'moon-1')}skip_region_validation = true\n`,
    ['3:16 warning backend/other-region'],
  ],
  'a block for an argument': [
    `${goodBackend}assume_role {\n  role_arn = "arn:aws:iam::123456789012:role/x"\n}\n`,
    ['6:1 error backend/block'],
  ],
  objects: [`${goodBackend}endpoints = { s3 = "http://127.0.0.1:1" }\nassume_role = {\n  role_arn = "arn:aws:iam::123456789012:role/x"\n}\n`, []],
  'an object with a typo and a gap': [
    `${goodBackend}assume_role = {\n  role_am = "a"\n}\n`,
    ['6:15 error backend/type'],
  ],
  'arguments at odds': [
    `${goodBackend}allowed_account_ids = ["1"]\nforbidden_account_ids = ["2"]\n`,
    ['7:25 error terraform/invalid-attribute-combination'],
  ],
  "another environment's key": [goodBackend.replace('/dev/', '/developers/'), ['2:16 warning backend/env-not-in-key']],
  'a lock table': [
    goodBackend.replace('use_lockfile = true', 'dynamodb_table = "t"'),
    ['5:1 warning backend/deprecated-key'],
  ],
  'locking turned off': [goodBackend.replace('file = true', 'file = false'), ['5:16 warning backend/no-locking']],
  'encryption turned off': [goodBackend.replace('= true\nuse', '= false\nuse'), ['4:16 warning backend/no-encryption']],
  credentials: [
    `${goodBackend}access_key = "x"\nsecret_key = "y"\n`,
    ['6:14 warning backend/credentials', '6:14 warning secrets/literal', '7:14 warning backend/credentials', '7:14 warning secrets/literal'],
  ],
}

for (const [name, [backend, expected]] of Object.entries(cases)) {
  t.test(`s3.tfbackend: ${name}`, async (t) => {
    const found = await findingsWith(t, { 's3.tfbackend': backend })
    t.same(found.sort(), expected.map((place) => `s3.tfbackend:${place}`).sort())
  })
}

t.test('the environment may be part of a name, and have several words', async (t) => {
  const files = {
    's3.tfbackend': goodBackend.replace('webapp/dev/', 'webapp-pre-prod/'),
    'input.auto.tfvars': 'region = "eu-central-1"\nenv = "pre-prod"\n',
  }
  t.same(await findingsWith(t, files), [])
})

t.test('suggests the name that is meant', async (t) => {
  const { findings } = await readWith(t, { 's3.tfbackend': goodBackend.replace('encrypt', 'encrpyt') })
  t.equal(findings[0]?.fix, 'Did you mean "encrypt"?')
})

t.test('takes the region from the environment, as Terraform does', async (t) => {
  const before = process.env.AWS_REGION
  process.env.AWS_REGION = 'eu-west-1'
  t.teardown(() => (before === undefined ? delete process.env.AWS_REGION : (process.env.AWS_REGION = before)))
  const { findings, settings } = await readWith(t, { 's3.tfbackend': goodBackend.replace(/region.*\n/, '') })
  t.match(findings, [{ rule: 'backend/other-region', message: /in eu-west-1 \(AWS_REGION\)/ }])
  t.equal(settings?.backend.region, 'eu-west-1')
})

t.test('the block in state.tf counts, and s3.tfbackend goes over it', async (t) => {
  const state = 'terraform {\n  backend "s3" {\n    bucket  = "from-block"\n    encrypt = true\n  }\n}\n'
  const { findings, settings } = await readWith(t, {
    'state.tf': state,
    's3.tfbackend': goodBackend.replace(/encrypt.*\n/, ''),
  })
  t.same(findings, [])
  t.match(settings?.backend, { bucket: 'state-bucket', use_lockfile: true })
})

t.test('a state.tf without the block', async (t) => {
  t.same(await findingsWith(t, { 'state.tf': '# backend "s3" {}\n' }), ['state.tf:1:1 error backend/missing-block'])
  t.same(await findingsWith(t, { 'state.tf': 'terraform {\n  backend "local" {}\n}\n' }), [
    'state.tf:1:1 error backend/missing-block',
  ])
})
